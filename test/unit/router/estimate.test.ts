import { describe, expect, it } from 'vitest';
import type { MeasuredTree } from '../../../appliance/protocol/experiment.ts';
import { differenceOf, FEWEST_TREES, measureSavings } from '../../../appliance/router/savings/estimate.ts';
import { mulberry32 } from '../../support/mulberry32.ts';

const tree = (arm: MeasuredTree['arm'], costNanoUsd: number, part: Partial<MeasuredTree> = {}): MeasuredTree => ({
	treeKey: 't',
	arm,
	isTouched: true,
	calls: 1,
	failedCalls: 0,
	costNanoUsd,
	waitMs: 0,
	...part,
});
const trees = (arm: MeasuredTree['arm'], count: number, cost: (index: number) => number, part: Partial<MeasuredTree> = {}) =>
	Array.from({ length: count }, (_, index) => tree(arm, cost(index), part));

describe('the difference of two means', () => {
	it('has the interval of the worked example', () => {
		// The interval by hand, from the formulas of Welch’s test.
		const a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7];
		const b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.0];
		const { control, routed, difference, low, high } = differenceOf(a, b);
		expect(control).toBeCloseTo(a.reduce((sum, one) => sum + one, 0) / 14, 10);
		expect(difference).toBeCloseTo(control - routed, 10);
		const variance = (values: readonly number[], mean: number) => values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 13;
		const error = Math.sqrt(variance(a, control) / 14 + variance(b, routed) / 14);
		// Some 26 degrees of freedom: the table's row below has 2.086, the exact quantile is 2.056.
		expect((high - low) / 2 / error).toBeCloseTo(2.086, 3);
	});

	it('holds the truth in some 95 of 100 worlds, with costs of a long tail and groups of 20 to 1', () => {
		const random = mulberry32(7);
		const cost = () => -Math.log(1 - random());
		let held = 0;
		for (let world = 0; world < 1_000; world += 1) {
			const control = Array.from({ length: 40 }, () => 2 * cost());
			const routed = Array.from({ length: 800 }, cost);
			const { low, high } = differenceOf(control, routed);
			if (low <= 1 && 1 <= high) held += 1;
		}
		expect(held).toBeGreaterThan(900);
		expect(held).toBeLessThan(990);
	});
});

describe('what was saved', () => {
	it('is not said without a control group, nor from too few trees', () => {
		expect(measureSavings([], 0)).toBeUndefined();
		const few = measureSavings([...trees('control', FEWEST_TREES - 1, (one) => one), ...trees('routed', 500, (one) => one)], 0.05);
		expect(few).toMatchObject({ controlTrees: FEWEST_TREES - 1, routedTrees: 500, means: undefined });
	});

	it('is the control group’s mean less the routed one’s, from trees that routing touched', () => {
		const rows = [
			...trees('control', 20, (one) => 100 + (one % 2), { calls: 4, waitMs: 10 }),
			...trees('routed', 20, (one) => 40 + (one % 2), { calls: 5, waitMs: 30 }),
			...trees('control', 50, () => 1e9, { isTouched: false }),
		];
		const means = measureSavings(rows, 0.5)?.means;
		expect(means?.costNanoUsd).toMatchObject({ control: 100.5, routed: 40.5, difference: 60 });
		expect(means?.calls).toMatchObject({ difference: -1, low: -1, high: -1 });
		expect(means?.waitMs.difference).toBe(-20);
	});
});
