/** Policies on recorded traffic: against the real planner, by hand on small traffic, and what an interval holds. */

import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../appliance/config/load-config.ts';
import type { Deployment } from '../../../appliance/protocol/deployment.ts';
import { comparePolicies } from '../../../appliance/router/savings/compare-policies.ts';
import { trafficOfRecording } from '../../../appliance/router/savings/recorded-traffic.ts';
import { type Reading, type ReplayTeam, replayTraffic, TRAFFIC_POLICIES } from '../../../appliance/router/savings/replay-traffic.ts';
import { type TrafficCall, trafficOfLog } from '../../../appliance/router/savings/traffic-call.ts';
import { RECORDED, recordedSession } from '../../../bench/savings/recorded-session.ts';
import { replay } from '../../../bench/savings/replay.ts';

const loaded = loadConfig(undefined, { ANTHROPIC_API_KEY: 'none' });
if (!loaded.ok) throw new Error('the embedded configuration is refused');
const { deployments, routing, learning } = loaded.settings;
const opus = deployments.find(({ id }) => id === 'claude-opus-4-7') as Deployment;

const TEAM: ReplayTeam = {
	frontier: opus,
	mids: deployments.filter(({ tier }) => tier === 'mid'),
	local: { contextTokens: 131_072, prefill: 133, decode: 15, deadlineMs: 30_000 },
	newInputAs: 'input',
	cacheLifeMs: routing.cacheLifeMs,
	quality: learning.usualQuality,
};
const TRIM = { low: 0.1, likely: 0.2, high: 0.3 };

const policy = (name: string) => {
	const found = TRAFFIC_POLICIES.find((one) => one.name === name);
	if (found === undefined) throw new Error(`no policy ${name}`);
	return found;
};
const LIKELY: Reading = { untold: 'likely', growth: ['tool-results'], trimShare: 0.5 };

describe('policies on the recorded session', () => {
	const traffic = trafficOfRecording(RECORDED);
	const compared = comparePolicies(traffic, TEAM, TRIM);
	const cost = (name: string) => compared.policies.find((one) => one.policy === name)?.costNanoUsd ?? Number.NaN;

	it('cost what the real planner makes of the same calls', () => {
		const setting = { settings: routing, rates: TEAM.local, hasPromptCache: true, model: opus.model, newInputAs: 'input' as const };
		const planned = (team: readonly Deployment[]) =>
			replay(recordedSession(), { ...setting, deployments: team }).reduce((sum, one) => sum + one.costNanoUsd, 0);
		expect(cost('all frontier') / planned([opus])).toBeCloseTo(1, 6);
		expect(cost('sub-agents and auxiliary') / planned(deployments)).toBeCloseTo(1, 2);
	});

	it('lie within their intervals, the bound lowest, and are exact where nothing is open', () => {
		for (const { costNanoUsd, lowNanoUsd, highNanoUsd } of compared.policies) {
			expect(lowNanoUsd).toBeLessThanOrEqual(costNanoUsd);
			expect(highNanoUsd).toBeGreaterThanOrEqual(costNanoUsd);
		}
		expect(compared.policies.filter((one) => one.lowNanoUsd === one.highNanoUsd).map((one) => one.policy)).toEqual([
			'all frontier',
			'sub-agents and auxiliary',
			'… classifier too, on your word',
		]);
		expect(Math.min(...compared.policies.map(({ costNanoUsd }) => costNanoUsd))).toBe(cost('bound: local free and perfect'));
		// Every inner call for nothing is said to be worth 2.8 times, by a reading of the same data that is not ours.
		expect(cost('all frontier') / cost('bound: local free and perfect')).toBeCloseTo(2.7, 1);
		expect(compared.eligible).toMatchObject({ window: { calls: 37 }, deadlineWarm: { calls: 16 }, deadlineCold: { calls: 1 } });
		expect(compared.eligible.window.costShare).toBeCloseTo(0.037, 3);
		expect(compared.eligible.deadlineWarm.costShare).toBeCloseTo(0.008, 3);
	});

	it('never move the classifier without a word', () => {
		expect(compared.kinds.classifier).toBe(70);
		const moved = (name: string) =>
			replayTraffic(
				traffic.filter(({ kind }) => kind === 'classifier'),
				policy(name),
				TEAM,
				LIKELY,
			).tiers;
		expect(moved('sub-agents and auxiliary')).toEqual({ frontier: 70, mid: 0, local: 0 });
		expect(moved('… classifier too, on your word').frontier).toBe(0);
	});
});

const call = (over: Partial<TrafficCall>): TrafficCall => ({
	conversation: 'c',
	kind: 'main',
	work: 'inner',
	likelyWork: 'inner',
	promptTokens: 10_000,
	newTokens: 0,
	outputTokens: 0,
	grownTokens: 0,
	growth: 'unknown',
	atMs: 0,
	durationMs: 1_000,
	paidNanoUsd: undefined,
	...over,
});

describe('a policy on a few calls', () => {
	const price = opus.price;
	if (price === null) throw new Error('the catalogue has no price');
	const reads = (tokens: number) => (tokens * price.cacheReadPicoUsd) / 1_000;
	const fresh = (tokens: number) => (tokens * price.inputPicoUsd) / 1_000;
	const grown = { promptTokens: 12_000, newTokens: 2_000, grownTokens: 2_000, growth: 'tool-results', atMs: 1_000 } as const;

	it('trims what appears, and saves the read of it on every later turn', () => {
		const calls = [call({}), call(grown), call({ promptTokens: 12_000, atMs: 2_000 })];
		const cost = (name: string) => replayTraffic(calls, policy(name), TEAM, LIKELY).costNanoUsd;
		expect(cost('all frontier')).toBe(reads(10_000) + reads(10_000) + fresh(2_000) + reads(12_000));
		expect(cost('all frontier') - cost('diet alone')).toBe(fresh(1_000) + reads(1_000));
	});

	it('answers on the box what fits and is in time, else the cheapest model of the middle class', () => {
		const inner = (over: Partial<TrafficCall>) =>
			replayTraffic([call({ kind: 'subagent', ...over })], policy('sub-agents and auxiliary'), TEAM, LIKELY);
		expect(inner({ promptTokens: 1_330, newTokens: 1_330, outputTokens: 15 })).toMatchObject({
			tiers: { local: 1 },
			costNanoUsd: 0,
			waitMs: 11_000,
		});
		expect(inner({ promptTokens: 200_000 }).tiers).toEqual({ frontier: 0, mid: 1, local: 0 });
		expect(inner({ promptTokens: 1_330, work: 'mid' }).tiers.local).toBe(0);
		const alone = { ...TEAM, mids: [] };
		expect(replayTraffic([call({ kind: 'subagent' })], policy('sub-agents and auxiliary'), alone, LIKELY).tiers.frontier).toBe(1);
	});

	it('pays for two caches where turns move and come back', () => {
		const calls = [call({}), call({ work: 'outer', atMs: 1_000 }), call({ atMs: 2_000 })];
		const { tiers } = replayTraffic(calls, policy('roles, turn by turn'), { ...TEAM, local: { ...TEAM.local, contextTokens: 1 } }, LIKELY);
		expect(tiers).toEqual({ frontier: 1, mid: 2, local: 0 });
	});
});

describe('our own log as traffic', () => {
	it('leaves out what failed, and tells conversations by what they read from the cache', () => {
		const record = (callId: string, second: number, over: object, code = 'main-loop', treeKey = 't') => ({
			decision: {
				callId,
				at: `2026-11-23T12:00:${String(second).padStart(2, '0')}.000Z`,
				member: 'ada',
				keyId: 'k1',
				dialect: 'anthropic' as const,
				requestedModel: 'claude',
				role: 'outer' as const,
				treeKey,
				candidates: [],
				rejected: [],
				reasons: [{ step: 'role' as const, code, text: '' }],
				reservedNanoUsd: 0,
			},
			outcome: {
				callId,
				deployment: 'opus',
				status: 200,
				costNanoUsd: 5,
				isCostBound: false,
				latencyMs: 900,
				firstByteMs: 100,
				problemCode: undefined,
				inputTokens: 10,
				outputTokens: 100,
				cacheReadTokens: 0,
				...over,
			},
		});
		const calls = trafficOfLog([
			record('c', 4, { inputTokens: 400, cacheReadTokens: 9_000 }),
			record('a', 1, { inputTokens: 9_000 }),
			record('b', 2, { inputTokens: 500 }, 'search-agent'),
			record('d', 3, { status: 529 }),
		]);
		expect(calls.map(({ conversation, kind, grownTokens }) => ({ conversation, kind, grownTokens }))).toEqual([
			{ conversation: 'k1/c1', kind: 'main', grownTokens: 0 },
			{ conversation: 'k1/c2', kind: 'subagent', grownTokens: 0 },
			{ conversation: 'k1/c1', kind: 'main', grownTokens: 300 },
		]);
		expect(comparePolicies(calls, TEAM, TRIM)).toMatchObject({ calls: 3, paidNanoUsd: 15, untold: 0 });
	});
});
