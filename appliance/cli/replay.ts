/** `innerloop replay`: recorded calls under other policies, side by side, without a service and without a call. */

import { readFileSync } from 'node:fs';
import { LEARNING_PRESETS, learningSchema, toLearning } from '../config/learning.ts';
import { formatPercent } from '../protocol/format-percent.ts';
import type { LearningSettings, RewardRow } from '../protocol/learning.ts';
import type { CallRecord } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { PRICE_SCALE } from '../router/policy/pacer.ts';
import { type Replay, type ReplaySummary, replay } from '../router/policy/replay.ts';
import { comparePolicies, type TrafficComparison } from '../router/savings/compare-policies.ts';
import { type CountedCall, trafficOfRecording } from '../router/savings/recorded-traffic.ts';
import { trafficOfLog } from '../router/savings/traffic-call.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { formatUsd } from './money.ts';
import { describeTraffic } from './replay-table.ts';
import { loadTeamSettings, readTeam, readTrim, TEAM_OPTIONS } from './replay-team.ts';
import { table } from './terminal.ts';

const OPTIONS = {
	preset: {
		type: 'string',
		value: 'WORD',
		help: `The other policy: ${LEARNING_PRESETS.join(', ')}. Default: that of --policy, else balanced.`,
	},
	policy: { type: 'string', value: 'FILE', help: 'A configuration whose deployments and learning section are tried.' },
	...TEAM_OPTIONS,
} as const;

const command = defineCommand({
	name: 'replay',
	summary: 'Try another routing policy on recorded calls, before switching to it.',
	positionals: ['FILE'],
	options: OPTIONS,
	details:
		'FILE is what `innerloop explain --recent N --json` prints; with rewards (GET /innerloop/v1/learning) as its field `rewards`, the other ' +
		'policy is also valued by them. Or it is a recording of token counts: {"calls": [{at, durationMs, newInputTokens, cacheReadTokens, ' +
		'cacheWriteTokens, outputTokens, toolCalls}]}. Costs of calls that would have gone elsewhere are estimates, with their interval.',
	async run({ values, positionals: [file] }, { terminal, env }) {
		if (file === undefined) throw new UsageError('innerloop replay takes a FILE.');
		const recorded = readRecord(file);
		const settings = loadTeamSettings(values.policy === undefined ? undefined : readBytes(values.policy), values.policy ?? '', env);
		const calls = 'records' in recorded ? trafficOfLog(recorded.records) : trafficOfRecording(recorded.counted);
		const traffic = comparePolicies(calls, readTeam(values, settings), readTrim(values));
		const learned =
			'records' in recorded
				? replayLearned(recorded, values.preset, values.policy === undefined ? undefined : settings.learning)
				: undefined;
		if (values.json) terminal.json({ ...learned, traffic });
		else terminal.print(describeAll(traffic, learned).join('\n'));
		return EXIT.ok;
	},
});

export const replayCommands: readonly Command[] = [command];

/** Our own log, or a recording that knows no decisions. */
type Recorded =
	| { readonly records: readonly CallRecord[]; readonly rewards: readonly RewardRow[] }
	| { readonly counted: readonly CountedCall[] };

function readBytes(file: string): Buffer {
	try {
		return readFileSync(file);
	} catch (cause) {
		throw new Problem('not-found', `${file} cannot be read.`, { cause });
	}
}

function readRecord(file: string): Recorded {
	const fault = new Problem(
		'invalid-call',
		`${file} holds no recorded calls: make it with innerloop explain --recent 1000 --json > ${file}.`,
	);
	try {
		const { calls, rewards = [] } = JSON.parse(readBytes(file).toString('utf8')) as { calls?: unknown; rewards?: readonly RewardRow[] };
		if (!Array.isArray(calls) || calls.length === 0) throw fault;
		if (calls.every(isRecord)) return { records: calls, rewards };
		if (calls.every(isCounted)) return { counted: calls };
		throw fault;
	} catch (error) {
		throw error instanceof SyntaxError || error instanceof TypeError ? fault : error;
	}
}

const isRecord = (call: CallRecord): call is CallRecord => Array.isArray(call?.decision?.candidates);

const COUNTS = ['durationMs', 'newInputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'outputTokens'] as const;

const isCounted = (call: CountedCall): call is CountedCall =>
	COUNTS.every((name) => Number.isFinite(call?.[name])) && Number.isFinite(Date.parse(call.at)) && Array.isArray(call.toolCalls);

function replayLearned(
	{ records, rewards }: Extract<Recorded, { readonly records: unknown }>,
	preset: string | undefined,
	configured: LearningSettings | undefined,
): Replay {
	return replay(records, settingsOf(preset, configured), PRICE_SCALE, rewards);
}

function settingsOf(preset: string | undefined, configured: LearningSettings | undefined): LearningSettings {
	if (preset === undefined) return configured ?? toLearning(learningSchema.parse({ preset: 'balanced' }));
	const known = LEARNING_PRESETS.find((word) => word === preset);
	if (known === undefined) throw new UsageError(`--preset is one of ${LEARNING_PRESETS.join(', ')}; not ${JSON.stringify(preset)}.`);
	return toLearning(learningSchema.parse({ preset: known }));
}

function describeAll(traffic: TrafficComparison, learned: Replay | undefined): string[] {
	return [...describeTraffic(traffic), ...(learned === undefined ? [] : ['', ...describe(learned)])];
}

const time = (ms: number | undefined): string => (ms === undefined ? '-' : `${Math.round(ms)} ms`);
const tiersOf = ({ tiers }: ReplaySummary): string =>
	Object.entries(tiers)
		.map(([tier, calls]) => `${calls} ${tier}`)
		.join(', ');

function describe({ recorded, replayed, changed, value, skipped }: Replay): string[] {
	const row = (what: string, of: (one: ReplaySummary) => string) => [what, of(recorded), of(replayed)];
	const rows = [
		row('cost', ({ costNanoUsd }) => formatUsd(costNanoUsd)),
		row('believed quality', ({ believedQuality }) => formatPercent(believedQuality)),
		row('mean time', ({ expectedMs }) => time(expectedMs)),
		row('answered by', tiersOf),
		row('escalations', ({ escalations }) => `${escalations}`),
	];
	return [
		table([`${recorded.calls} CALLS`, 'RECORDED', 'REPLAYED'], rows),
		`${changed} calls would have gone elsewhere; ${skipped} are left out (refused, not finished, or without usage).`,
		...(value === undefined
			? []
			: [
					`By rewards: ${value.doublyRobust.toFixed(3)} ± ${(2 * value.standardError).toFixed(3)} (doubly robust), ${value.snips.toFixed(3)} (self-normalised), from the weight of ${value.effectiveCalls.toFixed(0)} calls.`,
				]),
	];
}
