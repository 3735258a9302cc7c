/** Which deployment is chosen, and how much of it was score, filter, trial or chance. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandit, NO_ARMS } from '../../../../appliance/router/policy/bandit.ts';
import { decide, type Option, type PolicySettings, type Question } from '../../../../appliance/router/policy/decide.ts';
import { offPolicyValue } from '../../../../appliance/router/policy/off-policy.ts';
import { pacedTarget, wantedRoomNanoUsd } from '../../../../appliance/router/policy/paced-target.ts';
import { costOnScale, observeCost, RESTED_PACER } from '../../../../appliance/router/policy/pacer.ts';
import { score } from '../../../../appliance/router/policy/score.ts';

const SETTINGS: PolicySettings = {
	arms: { dimension: 1, gamma: 0.997, ridge: 1, maxVarianceFactor: 200 },
	weights: { cost: 0.3, exploration: 0.01, pointsPerMinute: 6, switchPoints: 10, turnsAhead: 8 },
	scale: { floorUsd: 1e-4, ceilingUsd: 0.1 },
	hasRateCeiling: true,
	chance: 0,
};
const QUALITY: Readonly<Record<string, number>> = { local: 0.7, mid: 0.9, frontier: 0.95 };
const state = Object.entries(QUALITY).reduce(
	(before, [arm, quality]) =>
		bandit(before, { type: 'added', arm, start: { from: 'guess', quality, calls: 1_000 }, trials: 0 }, SETTINGS.arms),
	NO_ARMS,
);
const option = (arm: string, usd: number, worstNanoUsd: number): Option => ({
	arm,
	usdPerThousandTokens: usd,
	listUsdPerThousandTokens: usd,
	worstNanoUsd,
});
const OPTIONS = [option('local', 0, 0), option('mid', 0.001, 1_000), option('frontier', 0.01, 50_000)];
const ask = (change: Partial<Question> = {}): Question => ({
	x: Float64Array.of(1),
	options: OPTIONS,
	headroomNanoUsd: undefined,
	random: 0.99,
	...change,
});
const rested = { ...RESTED_PACER };

describe('a decision', () => {
	it('takes the best score, and steers to cheaper ones as λ grows', () => {
		const free = { ...SETTINGS, weights: { ...SETTINGS.weights, cost: 0 } };
		expect(decide(state, rested, ask(), free).ranked[0]?.arm).toBe('frontier');
		expect(decide(state, rested, ask(), SETTINGS).ranked[0]?.arm).toBe('mid');
		expect(decide(state, { ...rested, lambda: 5 }, ask(), SETTINGS).ranked.map(({ arm }) => arm)).toEqual(['local', 'mid']);
	});

	it('never offers what the hard filter has no room for, and says what it moved', () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.constantFrom('local', 'mid', 'frontier'), fc.nat(90_000)), { minLength: 1, maxLength: 6 }),
				fc.nat(60_000),
				fc.double({ min: 0, max: 5, noNaN: true }),
				fc.double({ min: 0, max: 0.999, noNaN: true }),
				(arms, headroomNanoUsd, lambda, random) => {
					const options = arms.map(([arm, worst], index) => option(arm, (index + 1) / 1_000, worst));
					const chance = { ...SETTINGS, chance: 0.3 };
					const { ranked, propensity } = decide(state, { ...rested, lambda }, ask({ options, headroomNanoUsd, random }), chance);
					const worsts = options.map(({ worstNanoUsd }) => worstNanoUsd);
					for (const { arm } of ranked) expect(options.some((one) => one.arm === arm && one.worstNanoUsd <= headroomNanoUsd)).toBe(true);
					expect(ranked.length > 0).toBe(Math.min(...worsts) <= headroomNanoUsd);
					expect(propensity).toBeGreaterThan(0);
					expect(propensity).toBeLessThanOrEqual(1);
				},
			),
		);
		const moved = decide(state, rested, ask({ headroomNanoUsd: 10 }), SETTINGS);
		expect(moved.withoutFilter).toBe('mid');
		expect(moved.ranked.map(({ arm }) => arm)).toEqual(['local']);
	});

	it('takes each with the propensity that it says', () => {
		const chance = { ...SETTINGS, chance: 0.3 };
		const counts = new Map<string, number>();
		const said = new Map<string, number>();
		const draws = 6_000;
		for (let i = 0; i < draws; i++) {
			const { ranked, propensity } = decide(state, rested, ask({ random: i / draws }), chance);
			const arm = ranked[0]?.arm ?? '';
			counts.set(arm, (counts.get(arm) ?? 0) + 1);
			said.set(arm, propensity);
		}
		expect([...counts.keys()].toSorted()).toEqual(['frontier', 'local', 'mid']);
		for (const [arm, count] of counts) expect(count / draws).toBeCloseTo(said.get(arm) ?? 0, 2);
	});

	it('sends a newcomer its trials first, but not past the filter', () => {
		const added = bandit(state, { type: 'added', arm: 'new', start: { from: 'nothing' }, trials: 2 }, SETTINGS.arms);
		const options = [...OPTIONS, option('new', 0.002, 2_000)];
		expect(decide(added, rested, ask({ options }), SETTINGS)).toMatchObject({ why: 'trial' });
		expect(decide(added, rested, ask({ options, headroomNanoUsd: 1_500 }), SETTINGS).ranked[0]?.arm).toBe('mid');
	});
});

describe('the pacer', () => {
	const settings = { meanWeight: 0.05, step: 0.05, maxLambda: 5 };

	it('raises λ while the mean is above target, and never above its bound', () => {
		let pacer = RESTED_PACER;
		for (let i = 0; i < 500; i++) pacer = observeCost(pacer, 3, settings);
		expect(pacer.meanOverTarget).toBeCloseTo(3, 6);
		expect(pacer.lambda).toBe(5);
		for (let i = 0; i < 500; i++) pacer = observeCost(pacer, 0.1, settings);
		expect(pacer.lambda).toBe(0);
	});

	it('puts costs on a logarithm between floor and ceiling', () => {
		const scale = { floorUsd: 1e-4, ceilingUsd: 0.1 };
		expect([0, 1e-4, Math.sqrt(1e-4 * 0.1), 0.1, 9].map((usd) => Number(costOnScale(usd, scale).toFixed(6)))).toEqual([0, 0, 0.5, 1, 1]);
	});

	it('steers below the target until there is room for the dearest call within reach', () => {
		const slack = { reachCalls: 100, margin: 1.5, least: 0.3, most: 1.3 };
		const guard = { targetNanoUsd: 10, tolerancePermille: 4, openingCreditNanoUsd: 0 };
		expect(wantedRoomNanoUsd([0, 900, 5_000], guard, slack)).toBe(1_350);
		expect([0, 675, 1_350, 2_700, 99_999].map((room) => Number(pacedTarget(room, 1_350, slack).toFixed(9)))).toEqual([
			0.3, 0.65, 1, 1.3, 1.3,
		]);
	});
});

describe('the score', () => {
	it('adds up from terms that can be read alone', () => {
		const facts = { quality: { mean: 0.9, variance: 4 }, usdPerThousandTokens: 0.1, lambda: 0.2, expectedMs: 90_000, paybackTurns: 4 };
		expect(score(facts, SETTINGS.weights, SETTINGS.scale)).toEqual({
			quality: 90,
			exploration: 2,
			cost: -30,
			budget: -20,
			time: -9,
			stickiness: -5,
			total: 28,
		});
	});
});

describe('a policy judged by the traffic of another', () => {
	it('finds the value of the other policy without bias, where a plain mean would not', () => {
		// Two arms with rewards 0.2 and 0.8; the log takes the good one in one call of five, the policy in question always.
		const calls = Array.from({ length: 1_000 }, (_, index) => {
			const isGood = index % 5 === 0;
			return {
				arm: isGood ? 'good' : 'bad',
				propensity: isGood ? 0.2 : 0.8,
				reward: isGood ? 0.8 : 0.2,
				targetPropensity: isGood ? 1 : 0,
				expected: isGood ? 0.6 : 0.3,
				targetExpected: 0.6,
			};
		});
		const value = offPolicyValue(calls);
		expect(value.ips).toBeCloseTo(0.8, 9);
		expect(value.snips).toBeCloseTo(0.8, 9);
		expect(value.doublyRobust).toBeCloseTo(0.8, 9);
		expect(value.effectiveCalls).toBeCloseTo(200, 6);
	});

	it('says so where the traffic says nothing', () => {
		const call = { arm: 'a', propensity: 1, reward: 1, targetPropensity: 0, expected: 0.5, targetExpected: 0.4 };
		expect(offPolicyValue([call]).snips).toBeNaN();
		expect(offPolicyValue([call])).toMatchObject({ effectiveCalls: 0, doublyRobust: 0.4 });
	});
});
