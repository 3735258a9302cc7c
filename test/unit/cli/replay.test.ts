/** `innerloop replay`: another policy on recorded calls, from a file alone. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../appliance/cli/run-command-line.ts';
import { learningSchema, toLearning } from '../../../appliance/config/learning.ts';
import type { Decision, Outcome, RankedCandidate } from '../../../appliance/protocol/decision.ts';
import type { RewardRow } from '../../../appliance/protocol/learning.ts';
import { PRICE_SCALE } from '../../../appliance/router/policy/pacer.ts';
import { replay } from '../../../appliance/router/policy/replay.ts';
import type { TrafficComparison } from '../../../appliance/router/savings/compare-policies.ts';
import { recordedContext } from './recording-terminal.ts';

const candidate = (deployment: string, tier: RankedCandidate['tier'], expectedCostNanoUsd: number): RankedCandidate => ({
	deployment,
	tier,
	expectedCostNanoUsd,
	worstCostNanoUsd: 10 * expectedCostNanoUsd,
	expectedMs: tier === 'local' ? 6_000 : undefined,
});

/** A thousand tokens: ten cents at the frontier, hardly more than a tenth of one in the middle, nothing here. */
const CANDIDATES = [candidate('opus', 'frontier', 100_000_000), candidate('haiku', 'mid', 1_200_000), candidate('local', 'local', 0)];

function recorded(callId: string, deployment = 'opus', over: Partial<Outcome> = {}) {
	const decision: Decision = {
		callId,
		at: '2026-11-23T12:00:00.000Z',
		member: 'ada',
		keyId: 'k1',
		dialect: 'anthropic',
		requestedModel: 'claude',
		role: 'mid',
		treeKey: 't',
		candidates: CANDIDATES,
		rejected: [],
		reasons: [],
		reservedNanoUsd: 7,
	};
	const outcome: Outcome = {
		callId,
		deployment,
		status: 200,
		costNanoUsd: 200_000_000,
		isCostBound: false,
		latencyMs: 900,
		firstByteMs: 100,
		problemCode: undefined,
		inputTokens: 900,
		outputTokens: 100,
		cacheReadTokens: 0,
		...over,
	};
	return { decision, outcome };
}

const preset = (word: 'cheapest' | 'balanced' | 'best') => toLearning(learningSchema.parse({ preset: word }));

describe('a replay', () => {
	it('tells what each preset would have cost, and who would have answered', () => {
		const calls = [recorded('a'), recorded('b'), recorded('c', 'opus', { status: 529 }), { ...recorded('d'), outcome: undefined }];
		const best = replay(calls, preset('best'), PRICE_SCALE, []);
		expect(best).toMatchObject({ skipped: 2, recorded: { calls: 2, costNanoUsd: 400_000_000, tiers: { frontier: 2 }, escalations: 2 } });
		expect(best.replayed.tiers).toEqual({ mid: 2 });
		// The bill was twice what was expected: so is the estimate elsewhere.
		expect(best.replayed.costNanoUsd).toBe(2 * 2 * 1_200_000);
		const cheapest = replay(calls, preset('cheapest'), PRICE_SCALE, []);
		expect(cheapest).toMatchObject({ changed: 2, replayed: { costNanoUsd: 0, escalations: 0, believedQuality: 0.7, expectedMs: 6_000 } });
	});

	it('values the other policy by rewards, where there are any', () => {
		const row = (callId: string, arm: string, reward: number): RewardRow => ({
			callId,
			keyId: 'k1',
			arm,
			propensity: 0.5,
			kind: 'feedback',
			reward,
			weight: 1,
			atMs: 0,
		});
		const calls = [recorded('a'), recorded('b', 'haiku', { costNanoUsd: 500_000 })];
		const { value } = replay(calls, preset('best'), PRICE_SCALE, [row('a', 'opus', 0), row('b', 'haiku', 1)]);
		expect(value?.snips).toBe(1);
		expect(replay(calls, preset('best'), PRICE_SCALE, []).value).toBeUndefined();
	});
});

describe('innerloop replay', () => {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-replay-'));
	afterAll(() => rmSync(folder, { recursive: true }));
	const file = join(folder, 'calls.json');

	it('prints both sides, and says what is wrong with a file', async () => {
		writeFileSync(file, JSON.stringify({ calls: [recorded('a')] }));
		const context = recordedContext({}, folder);
		const run = (...args: string[]) => runCommandLine(['replay', ...args], context);
		expect(await run(file, '--preset', 'cheapest')).toBe(0);
		expect(context.out()).toMatch(/1 CALLS +RECORDED +REPLAYED[\s\S]*cost +\$0.20[\s\S]*1 calls would have gone elsewhere/);
		expect(await run(file, '--preset', 'dearest')).toBe(2);
		writeFileSync(file, JSON.stringify({ calls: [recorded('a'), { at: 'never' }] }));
		expect(await run(file)).toBe(1);
		writeFileSync(file, '{}');
		expect(await run(file)).toBe(1);
		expect(context.err()).toMatch(/holds no recorded calls: make it with innerloop explain/);
	});

	const session = join(import.meta.dirname, '../../data/agent-session-176-calls.json');

	it('compares policies on the recorded session, with intervals', async () => {
		const context = recordedContext({}, folder);
		expect(await runCommandLine(['replay', session], context)).toBe(0);
		expect(context.out()).toMatch(/^all frontier +\$42\.73 +exact/m);
		expect(context.out()).toMatch(/^diet alone +\$\d+\.\d\d +\$\d+\.\d\d to \$\d+\.\d\d/m);
		expect(context.out()).toMatch(/fits its window +37 +3\.7 %/);
		expect(context.out()).not.toContain('REPLAYED');
	});

	it('takes prices, window and shares from options, and names a wrong one', async () => {
		const json = async (...args: string[]) => {
			const context = recordedContext({}, folder);
			expect(await runCommandLine(['replay', session, '--json', ...args], context)).toBe(0);
			return JSON.parse(context.out()).traffic as TrafficComparison;
		};
		const small = await json('--window', '20000', '--trim', '0:0:0');
		expect(small.eligible.window.calls).toBeLessThan(37);
		expect(small.policies.find(({ policy }) => policy === 'diet alone')?.highNanoUsd).toBe(small.policies[0]?.costNanoUsd);
		expect((await json('--frontier', 'claude-sonnet-5')).policies[0]?.costNanoUsd).toBeLessThan(small.policies[0]?.costNanoUsd ?? 0);
		for (const wrong of [
			['--trim', '40:20:5'],
			['--window', 'wide'],
			['--frontier', 'gpt-1'],
			['--new-as', 'gold'],
		])
			expect(await runCommandLine(['replay', session, ...wrong], recordedContext({}, folder))).toBe(2);
	});
});
