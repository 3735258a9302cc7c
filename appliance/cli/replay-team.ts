/** Who would answer replayed traffic: the deployments of a configuration, and what the box can do, from options. */

import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Settings } from '../config/settings.ts';
import { Problem } from '../protocol/problem.ts';
import { ASSUMED_TRIM, type TrimShares } from '../router/savings/compare-policies.ts';
import type { ReplayTeam } from '../router/savings/replay-traffic.ts';
import { UsageError } from './command.ts';

export const TEAM_OPTIONS = {
	frontier: {
		type: 'string',
		value: 'ID',
		help: 'Deployment that answers where nothing is moved. Default: claude-opus-4-7, else the first.',
	},
	window: { type: 'string', value: 'N', help: 'Window of the box’s own model in tokens. Default: 131072.' },
	prefill: { type: 'string', value: 'N', help: 'Tokens a second that the box reads. Default: 133.' },
	decode: { type: 'string', value: 'N', help: 'Tokens a second that the box writes. Default: 15.' },
	deadline: { type: 'string', value: 'S', help: 'Seconds that a call may take on the box. Default: 30.' },
	'new-as': {
		type: 'string',
		value: 'WORD',
		help: 'New input is priced as input or as the cache write that Claude Code asks for: input, write.',
	},
	trim: {
		type: 'string',
		value: 'LOW:LIKELY:HIGH',
		help: `Per cent of tool results that the diet takes away. Default: ${formatTrim(ASSUMED_TRIM)}, an assumption; diet.mode observe measures yours.`,
	},
} as const;

type TeamValues = { readonly [name in keyof typeof TEAM_OPTIONS]?: string | undefined };

function formatTrim({ low, likely, high }: TrimShares): string {
	return [low, likely, high].map((share) => Math.round(100 * share)).join(':');
}

/** Of the embedded configuration where `bytes` is absent. @throws Problem where the configuration is refused */
export function loadTeamSettings(bytes: Buffer | undefined, file: string, env: Readonly<Record<string, string | undefined>>): Settings {
	// Nobody is called: a key that is not set is no reason to leave a vendor's models out of the comparison.
	const loaded = loadConfig(bytes, { ANTHROPIC_API_KEY: 'none', ...env });
	if (loaded.ok) return loaded.settings;
	throw new Problem('invalid-call', [`${file} is refused:`, ...loaded.errors.map(formatConfigError)].join('\n  '));
}

function numberOf(values: TeamValues, name: 'window' | 'prefill' | 'decode' | 'deadline', usual: number): number {
	const value = Number(values[name] ?? usual);
	if (!(value > 0)) throw new UsageError(`--${name} takes a number above 0; not ${JSON.stringify(values[name])}.`);
	return value;
}

export function readTrim({ trim }: TeamValues): TrimShares {
	if (trim === undefined) return ASSUMED_TRIM;
	const [low = Number.NaN, likely = Number.NaN, high = Number.NaN, ...more] = trim.split(':').map((part) => Number(part) / 100);
	if (more.length === 0 && 0 <= low && low <= likely && likely <= high && high <= 1) return { low, likely, high };
	throw new UsageError(`--trim takes three rising percentages, like 5:20:40; not ${JSON.stringify(trim)}.`);
}

const DEFAULT_FRONTIER = 'claude-opus-4-7';

/** @throws UsageError, Problem */
export function readTeam(values: TeamValues, { deployments, routing, learning }: Settings): ReplayTeam {
	const frontiers = deployments.filter(({ tier, price }) => tier === 'frontier' && price !== null);
	const wanted = values.frontier ?? DEFAULT_FRONTIER;
	const named = deployments.find(({ id }) => id === wanted);
	if (values.frontier !== undefined && named === undefined)
		throw new UsageError(`--frontier is one of ${deployments.map(({ id }) => id).join(', ')}; not ${JSON.stringify(values.frontier)}.`);
	const frontier = named ?? frontiers[0];
	if (frontier === undefined) throw new Problem('not-found', 'The configuration has no frontier deployment with a price.');
	const newInputAs = values['new-as'] ?? 'input';
	if (newInputAs !== 'input' && newInputAs !== 'write') throw new UsageError('--new-as is input or write.');
	return {
		frontier,
		mids: deployments.filter(({ tier, price }) => tier === 'mid' && price !== null),
		local: {
			contextTokens: numberOf(values, 'window', 131_072),
			prefill: numberOf(values, 'prefill', 133),
			decode: numberOf(values, 'decode', 15),
			deadlineMs: numberOf(values, 'deadline', 30) * 1_000,
		},
		newInputAs,
		cacheLifeMs: routing.cacheLifeMs,
		quality: learning.usualQuality,
	};
}
