/** `npm run bench:savings`: what two sessions cost with every call at a frontier model, and under the policy; and which calls could have moved. */

import { parseArgs } from 'node:util';
import { loadConfig } from '../../appliance/config/load-config.ts';
import { FREE } from '../../appliance/config/price.ts';
import type { Settings } from '../../appliance/config/settings.ts';
import type { Deployment } from '../../appliance/protocol/deployment.ts';
import { formatPercent } from '../../appliance/protocol/format-percent.ts';
import { DIALECTS, ROLES, TIERS } from '../../appliance/protocol/words.ts';
import { type Figure, makeReport, printTable, writeReport } from '../lib/report.ts';
import { recordedCostNanoUsd, underCeiling } from './ceiling.ts';
import { exampleSession } from './example-session.ts';
import { recordedSession } from './recorded-session.ts';
import { eligibility, type Rates, type ReplayedCall, replay, type Setting } from './replay.ts';
import type { Session } from './session.ts';

const USAGE = `Usage: npm run bench:savings -- [options]

  --frontier ID   model of the all-frontier case, from the catalogue (default claude-opus-4-7)
  --window N      window of the box's model in tokens (default 131072)
  --prefill N     tokens a second that the box reads (default 133)
  --decode N      tokens a second that the box writes (default 15)
  --deadline S    seconds that an inner call has (default 30; a box's own default is 60)
  --new-as WHAT   new input tokens are priced as plain input or as the cache write that Claude Code asks for:
                  input, write (default input, as the recorded vendor billed them)
  --json FILE     also write {machine, commit, figures} there

Prices are the catalogue's, the planner is the service's own with its default settings.
`;

const { values } = parseArgs({
	options: {
		frontier: { type: 'string', default: 'claude-opus-4-7' },
		window: { type: 'string', default: '131072' },
		prefill: { type: 'string', default: '133' },
		decode: { type: 'string', default: '15' },
		deadline: { type: 'string', default: '30' },
		'new-as': { type: 'string', default: 'input' },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

interface Options {
	readonly frontier: Deployment;
	readonly team: readonly Deployment[];
	readonly settings: Settings['routing'];
	readonly rates: Rates;
	readonly deadlineMs: number;
	readonly windowTokens: number;
	readonly newInputAs: 'input' | 'write';
}

function numberOf(name: 'window' | 'prefill' | 'decode' | 'deadline'): number {
	const value = Number(values[name]);
	if (!(value > 0)) throw new RangeError(`--${name} wants a number above 0`);
	return value;
}

function readOptions(): Options {
	const loaded = loadConfig(undefined, { ANTHROPIC_API_KEY: 'none' });
	if (!loaded.ok) throw new Error('the embedded configuration is refused');
	const { settings } = loaded;
	const frontier = settings.deployments.find(({ id }) => id === values.frontier);
	if (frontier === undefined) throw new RangeError(`--frontier: one of ${settings.deployments.map(({ id }) => id).join(', ')}`);
	const newInputAs = values['new-as'];
	if (newInputAs !== 'input' && newInputAs !== 'write') throw new RangeError('--new-as: input or write');
	const windowTokens = numberOf('window');
	const deadlineMs = numberOf('deadline') * 1_000;
	const { inner } = settings.routing.roles;
	return {
		frontier,
		team: [...settings.deployments, localOf(settings, windowTokens)],
		settings: { ...settings.routing, roles: { ...settings.routing.roles, inner: { ...inner, deadlineMs } } },
		rates: { prefill: numberOf('prefill'), decode: numberOf('decode') },
		deadlineMs,
		windowTokens,
		newInputAs,
	};
}

function localOf({ local }: Settings, contextTokens: number): Deployment {
	return {
		id: 'local',
		provider: 'local',
		model: 'gemma-4-e2b',
		tier: 'local',
		dialects: DIALECTS,
		order: 0,
		contextTokens,
		maxOutputTokens: contextTokens,
		modalities: ['text'],
		price: FREE,
		allowedTools: local.allowedTools,
		maxTokensPerMedia: 0,
	};
}

const sumOf = (calls: readonly ReplayedCall[], of: (one: ReplayedCall) => number): number => calls.reduce((sum, one) => sum + of(one), 0);
const costOf = (calls: readonly ReplayedCall[]): number => sumOf(calls, ({ costNanoUsd }) => costNanoUsd) / 1e9;
const countOf = (calls: readonly ReplayedCall[], is: (one: ReplayedCall) => boolean): number => calls.filter(is).length;
/** Nearly all of its prompt is new, so that a move loses no warm cache. */
const hasNoCacheToLose = ({ call }: ReplayedCall): boolean => call.promptTokens - call.newTokens < 0.1 * call.promptTokens;

interface Result {
	readonly session: Session;
	readonly hasPromptCache: boolean;
	readonly frontier: readonly ReplayedCall[];
	readonly policy: readonly ReplayedCall[];
}

function run(session: Session, hasPromptCache: boolean, options: Options): Result {
	const { frontier, team, settings, rates, newInputAs } = options;
	const setting: Setting = { deployments: team, settings, rates, hasPromptCache, model: frontier.model, newInputAs };
	return {
		session,
		hasPromptCache,
		frontier: replay(session, { ...setting, deployments: [frontier] }),
		policy: replay(session, setting),
	};
}

const money = (usd: number): string => `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
const nameOf = ({ session, hasPromptCache }: Result): string => `${session.name}${hasPromptCache ? '' : ', no prompt cache'}`;

function printCosts(results: readonly Result[]): void {
	printTable(
		['session', 'calls', 'all frontier', 'policy', 'ratio', ...TIERS, 'longest on the box'],
		results.map((result) => {
			const { frontier, policy } = result;
			const longestMs = Math.max(0, ...policy.map(({ localMs }) => localMs));
			return [
				nameOf(result),
				String(policy.length),
				money(costOf(frontier)),
				money(costOf(policy)),
				`${(costOf(frontier) / costOf(policy)).toFixed(2)} ×`,
				...TIERS.map((tier) => String(countOf(policy, (one) => one.tier === tier))),
				longestMs === 0 ? '' : `${(longestMs / 1_000).toFixed(1)} s`,
			];
		}),
	);
}

function eligibleOf({ frontier, policy }: Result, { windowTokens, deadlineMs, rates }: Options) {
	const bill = costOf(frontier);
	const some = (is: (one: ReplayedCall) => boolean) => {
		const calls = frontier.filter(is);
		return { count: calls.length, share: costOf(calls) / bill };
	};
	const of = (one: ReplayedCall) => eligibility(one.call, windowTokens, deadlineMs, rates);
	return {
		window: some((one) => of(one).fits),
		deadlineWarm: some((one) => of(one).inTimeWarm),
		deadlineCold: some((one) => of(one).inTimeCold),
		noCacheToLose: some(hasNoCacheToLose),
		roles: ROLES.map((role) => countOf(policy, (one) => one.role === role)),
	};
}

function printEligible(results: readonly Result[], options: Options): void {
	const cell = ({ count, share }: { readonly count: number; readonly share: number }) => `${count} (${formatPercent(share)})`;
	printTable(
		['session', 'fits the window', 'and in time, cache warm', 'and in time, cache cold', 'with no cache to lose', ...ROLES],
		results.map((result) => {
			const { window, deadlineWarm, deadlineCold, noCacheToLose, roles } = eligibleOf(result, options);
			return [nameOf(result), cell(window), cell(deadlineWarm), cell(deadlineCold), cell(noCacheToLose), ...roles.map(String)];
		}),
	);
}

/** Shares of the recorded session's real cost. */
const CEILINGS = [1.5, 1.2, 1, 0.5] as const;

function ceilingsOf({ frontier, team, settings }: Options) {
	const cost = recordedCostNanoUsd(frontier);
	const cloud = team.filter((one) => one !== frontier && one.tier !== 'local');
	return CEILINGS.map((share) => ({ share, ...underCeiling(Math.ceil(share * cost), [frontier, ...cloud], settings) }));
}

function printCeilings(ceilings: ReturnType<typeof ceilingsOf>): void {
	printTable(
		['ceiling by real cost', 'admitted', 'no cap touched', 'settled', 'reserved by cost'],
		ceilings.map(({ share, calls, admitted, untouched, settledNanoUsd, reservedByCost }) => [
			`${share} ×`,
			`${admitted} of ${calls}`,
			String(untouched),
			money(settledNanoUsd / 1e9),
			`${reservedByCost.toFixed(1)} ×`,
		]),
	);
}

function ceilingFigures(ceilings: ReturnType<typeof ceilingsOf>): Figure[] {
	return ceilings.flatMap(({ share, calls, admitted, untouched }) => [
		{ name: `savings/ceiling-${share}/admitted`, value: admitted / calls, unit: '' },
		{ name: `savings/ceiling-${share}/no-cap-touched`, value: untouched / calls, unit: '' },
	]);
}

function figuresOf(results: readonly Result[], options: Options): Figure[] {
	return results.flatMap((result) => {
		const { frontier, policy } = result;
		const name = nameOf(result).replaceAll(', ', '/').replaceAll(' ', '-');
		const eligible = eligibleOf(result, options);
		const figure = (what: string, value: number, unit = ''): Figure => ({ name: `savings/${name}/${what}`, value, unit });
		return [
			figure('calls', policy.length),
			figure('all-frontier', costOf(frontier), 'USD'),
			figure('policy', costOf(policy), 'USD'),
			figure('ratio', costOf(frontier) / costOf(policy)),
			figure('cache-reads', sumOf(frontier, ({ readNanoUsd }) => readNanoUsd) / 1e9, 'USD'),
			...TIERS.map((tier) =>
				figure(
					`served-${tier}`,
					countOf(policy, (one) => one.tier === tier),
				),
			),
			figure('fits-window', eligible.window.count),
			figure('fits-window-share', eligible.window.share),
			figure('in-time-warm', eligible.deadlineWarm.count),
			figure('in-time-warm-share', eligible.deadlineWarm.share),
			figure('in-time-cold', eligible.deadlineCold.count),
			figure('no-cache-to-lose', eligible.noCacheToLose.count),
		];
	});
}

if (values.help) console.log(USAGE);
else {
	const options = readOptions();
	const sessions = [exampleSession(false), exampleSession(true), recordedSession()];
	const results = sessions.flatMap((session) => [run(session, true, options), run(session, false, options)]);
	const { rates, windowTokens, deadlineMs, frontier } = options;
	console.log(
		`All frontier is ${frontier.id}; the box reads ${rates.prefill} and writes ${rates.decode} tokens a second, holds ${windowTokens}, has ${deadlineMs / 1_000} s.\n`,
	);
	printCosts(results);
	console.log('\nCalls that the box could answer (and their share of the all-frontier bill), that lose no cache by moving, and by role:\n');
	printEligible(results, options);
	const ceilings = ceilingsOf(options);
	const figures = [...figuresOf(results, options), ...ceilingFigures(ceilings)];
	const share = (name: string) => figures.find((one) => one.name === `savings/recorded/176-calls/${name}`)?.value ?? Number.NaN;
	console.log(`\nOf the recorded session's bill ${formatPercent(share('cache-reads') / share('all-frontier'))} is cache reads.`);
	console.log('\nThe recorded session as one tree under a ceiling, all its calls at the frontier, fallbacks reserved:\n');
	printCeilings(ceilings);
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
}
