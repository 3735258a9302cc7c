/** `innerloop replay`: recorded calls under another preset or configuration, side by side, without a service and without a call. */

import { readFileSync } from 'node:fs';
import { formatConfigError } from '../config/config-error.ts';
import { LEARNING_PRESETS, learningSchema, toLearning } from '../config/learning.ts';
import { loadConfig } from '../config/load-config.ts';
import type { LearningSettings, RewardRow } from '../protocol/learning.ts';
import type { CallRecord } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { PRICE_SCALE } from '../router/policy/pacer.ts';
import { type Replay, type ReplaySummary, replay } from '../router/policy/replay.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { formatUsd } from './money.ts';
import { table } from './terminal.ts';

const OPTIONS = {
	preset: {
		type: 'string',
		value: 'WORD',
		help: `The other policy: ${LEARNING_PRESETS.join(', ')}. Default: that of --policy, else balanced.`,
	},
	policy: { type: 'string', value: 'FILE', help: 'A configuration whose learning section is tried.' },
} as const;

const command = defineCommand({
	name: 'replay',
	summary: 'Try another routing policy on recorded calls, before switching to it.',
	positionals: ['FILE'],
	options: OPTIONS,
	details:
		'FILE is what `innerloop explain --recent N --json` prints; with rewards (GET /innerloop/v1/learning) as its field `rewards`, the other ' +
		'policy is also valued by them. Costs of calls that would have gone elsewhere are estimates.',
	async run({ values, positionals: [file] }, { terminal, env }) {
		if (file === undefined) throw new UsageError('innerloop replay takes a FILE.');
		const recorded = readRecord(file);
		const settings = settingsOf(values.preset, values.policy, env);
		const result = replay(recorded.calls, settings, PRICE_SCALE, recorded.rewards ?? []);
		if (values.json) terminal.json(result);
		else terminal.print(describe(result).join('\n'));
		return EXIT.ok;
	},
});

export const replayCommands: readonly Command[] = [command];

interface Recorded {
	readonly calls: readonly CallRecord[];
	readonly rewards?: readonly RewardRow[];
}

function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
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
		const value = JSON.parse(readText(file)) as Recorded;
		if (!Array.isArray(value.calls) || !value.calls.every((call) => Array.isArray(call?.decision?.candidates))) throw fault;
		return value;
	} catch (error) {
		throw error instanceof SyntaxError ? fault : error;
	}
}

function settingsOf(
	preset: string | undefined,
	policy: string | undefined,
	env: Readonly<Record<string, string | undefined>>,
): LearningSettings {
	if (preset !== undefined) {
		const known = LEARNING_PRESETS.find((word) => word === preset);
		if (known === undefined) throw new UsageError(`--preset is one of ${LEARNING_PRESETS.join(', ')}; not ${JSON.stringify(preset)}.`);
		return toLearning(learningSchema.parse({ preset: known }));
	}
	if (policy === undefined) return toLearning(learningSchema.parse({ preset: 'balanced' }));
	const loaded = loadConfig(Buffer.from(readText(policy)), env);
	if (loaded.ok) return loaded.settings.learning;
	throw new Problem('invalid-call', [`${policy} is refused:`, ...loaded.errors.map(formatConfigError)].join('\n  '));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const time = (ms: number | undefined): string => (ms === undefined ? '-' : `${Math.round(ms)} ms`);
const tiersOf = ({ tiers }: ReplaySummary): string =>
	Object.entries(tiers)
		.map(([tier, calls]) => `${calls} ${tier}`)
		.join(', ');

function describe({ recorded, replayed, changed, value, skipped }: Replay): string[] {
	const row = (what: string, of: (one: ReplaySummary) => string) => [what, of(recorded), of(replayed)];
	const rows = [
		row('cost', ({ costNanoUsd }) => formatUsd(costNanoUsd)),
		row('believed quality', ({ believedQuality }) => percent(believedQuality)),
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
