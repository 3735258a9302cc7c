/** What the bandit learns, forgets, takes in and gives up. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BanditEvent, type BanditState, bandit, estimateArm, NO_ARMS } from '../../../../appliance/router/policy/bandit.ts';
import type { ArmSettings, LinearArm } from '../../../../appliance/router/policy/linear-arm.ts';
import { diagonal, dot, invert, times } from '../../../../appliance/router/policy/matrix.ts';

const SETTINGS: ArmSettings = { dimension: 3, gamma: 0.99, ridge: 1, maxVarianceFactor: 200 };
const vector = (...values: number[]) => Float64Array.from(values);
const play = (events: readonly BanditEvent[], from: BanditState = NO_ARMS, settings = SETTINGS) =>
	events.reduce((state, event) => bandit(state, event, settings), from);
const cold = (arm: string, trials = 0): BanditEvent => ({ type: 'added', arm, start: { from: 'nothing' }, trials });
const rewarded = (arm: string, x: Float64Array, reward: number, weight = 1): BanditEvent => ({ type: 'rewarded', arm, x, reward, weight });
const chosen = (arm: string): BanditEvent => ({ type: 'chosen', arm });

function armOf(state: BanditState, name: string): LinearArm {
	const arm = state.arms.get(name);
	if (arm === undefined) throw new Error(`no arm ${name}`);
	return arm;
}

const number = fc.double({ min: -3, max: 3, noNaN: true });
const x = fc.tuple(number, number).map(([a, b]) => vector(a, b, 1));
const lesson = fc.record({
	x,
	reward: fc.double({ min: 0, max: 1, noNaN: true }),
	weight: fc.double({ min: 0.01, max: 2, noNaN: true }),
	wait: fc.nat(400),
});

describe('an arm', () => {
	it('keeps A⁻¹ the inverse of A and θ̂ = A⁻¹b, whatever it learns and forgets', () => {
		fc.assert(
			fc.property(fc.array(lesson, { maxLength: 60 }), (lessons) => {
				const events = lessons.flatMap(({ x: features, reward, weight, wait }) => [
					...Array.from({ length: wait % 40 }, () => chosen('b')),
					rewarded('a', features, reward, weight),
				]);
				const arm = armOf(play([cold('a'), cold('b'), ...events]), 'a');
				const exact = invert(arm.precision, 3);
				expect(exact).toBeDefined();
				for (const [index, value] of (exact ?? []).entries()) expect(arm.inverse[index]).toBeCloseTo(value, 6);
				for (const [index, value] of times(arm.inverse, arm.moment).entries()) expect(arm.weights[index]).toBeCloseTo(value, 9);
			}),
			{ numRuns: 60 },
		);
	});

	it('finds the line that its rewards lie on', () => {
		const truth = vector(0.1, -0.2, 0.5);
		const events = Array.from({ length: 400 }, (_, index) => {
			const features = vector(Math.sin(index), Math.cos(3 * index), 1);
			return rewarded('a', features, dot(truth, features));
		});
		const state = play([cold('a'), ...events], NO_ARMS, { ...SETTINGS, gamma: 1 });
		for (const [index, value] of truth.entries()) expect(armOf(state, 'a').weights[index]).toBeCloseTo(value, 2);
	});

	it('forgets by calls and not by feedback: a late burst of rewards does not fade its own members', () => {
		const features = vector(0, 0, 1);
		const late = play([cold('a'), chosen('a'), chosen('a'), chosen('a'), rewarded('a', features, 1), rewarded('a', features, 1)]);
		expect(armOf(late, 'a').moment[2]).toBe(2);
		expect(play([chosen('b'), rewarded('a', features, 0)], late).arms.get('a')?.moment[2]).toBeCloseTo(2 * 0.99, 9);
	});

	it('grows uncertain while it is passed over, up to V_max', () => {
		const features = vector(0, 0, 1);
		const fresh = play([cold('a'), cold('b'), rewarded('a', features, 1)]);
		const variance = (state: BanditState) => estimateArm(state, 'a', features, SETTINGS)?.variance ?? 0;
		const passedOver = (calls: number) =>
			play(
				Array.from({ length: calls }, () => chosen('b')),
				fresh,
			);
		expect(variance(passedOver(50))).toBeCloseTo(variance(fresh) / 0.99 ** 50, 9);
		expect(variance(passedOver(900))).toBeCloseTo(variance(fresh) * 200, 6);
	});

	it('drops rewards that are no number or of another dimension, and clips the others', () => {
		const state = play([cold('a')]);
		expect(play([rewarded('a', vector(0, 0, 1), Number.NaN)], state)).toBe(state);
		expect(play([rewarded('a', vector(0, 1), 1)], state)).toBe(state);
		expect(play([rewarded('nobody', vector(0, 0, 1), 1)], state)).toBe(state);
		expect(armOf(play([rewarded('a', vector(0, 0, 1), 7)], state), 'a').moment[2]).toBe(1);
	});
});

describe('warm start and hot swap', () => {
	it('believes a prior’s mean exactly, as if it had seen n_eff calls', () => {
		const prior = { precision: diagonal(3, 50), moment: [10, -5, 40] };
		const state = play([{ type: 'added', arm: 'a', start: { from: 'prior', prior, calls: 1164 }, trials: 0 }]);
		const expected = [0.2, -0.1, 0.8];
		for (const [index, value] of expected.entries()) expect(armOf(state, 'a').weights[index]).toBeCloseTo(value, 9);
		expect(armOf(state, 'a').precision[8]).toBeCloseTo(1165, 9);
	});

	it('refuses a prior of another dimension', () => {
		const prior = { precision: diagonal(2, 1), moment: [0, 0] };
		expect(() => play([{ type: 'added', arm: 'a', start: { from: 'prior', prior, calls: 10 }, trials: 0 }])).toThrow(/2 features/);
	});

	it('guesses a usual quality in every context', () => {
		const state = play([{ type: 'added', arm: 'a', start: { from: 'guess', quality: 0.7, calls: 20 }, trials: 0 }]);
		expect(estimateArm(state, 'a', vector(0, 0, 1), SETTINGS)?.mean).toBeCloseTo(0.7, 9);
	});

	it('adds once, counts trials down, and removes without a trace', () => {
		let state = play([cold('a', 2), rewarded('a', vector(0, 0, 1), 1)]);
		expect(play([cold('a', 9)], state)).toBe(state);
		state = play([chosen('a')], state);
		expect(state.trials.get('a')).toBe(1);
		state = play([chosen('a')], state);
		expect(state.trials.size).toBe(0);
		state = play([{ type: 'removed', arm: 'a' }], state);
		expect(state.arms.size).toBe(0);
		expect(estimateArm(state, 'a', vector(0, 0, 1), SETTINGS)).toBeUndefined();
	});
});
