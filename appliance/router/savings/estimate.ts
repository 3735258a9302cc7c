/** What routing saved, from trees that were routed and trees that were not: differences of means with their intervals. */

import type { Difference, MeasuredSavings, MeasuredTree } from '../../protocol/experiment.ts';

/** Below so many trees a mean of costs with a long tail says nothing. */
export const FEWEST_TREES = 10;

/** Two-sided 95 % quantiles of Student's t by degrees of freedom; a table of any textbook. Between two rows the larger value counts. */
const T_TABLE: readonly (readonly [degrees: number, quantile: number])[] = [
	[1, 12.706],
	[2, 4.303],
	[3, 3.182],
	[4, 2.776],
	[5, 2.571],
	[6, 2.447],
	[7, 2.365],
	[8, 2.306],
	[9, 2.262],
	[10, 2.228],
	[12, 2.179],
	[15, 2.131],
	[20, 2.086],
	[30, 2.042],
	[60, 2],
	[120, 1.98],
	[Number.POSITIVE_INFINITY, 1.96],
];

function quantileOf(degrees: number): number {
	return T_TABLE.findLast(([row]) => row <= degrees)?.[1] ?? 12.706;
}

interface Moments {
	readonly count: number;
	readonly mean: number;
	/** Of the mean: variance ÷ count. */
	readonly error2: number;
}

function momentsOf(values: readonly number[]): Moments {
	const count = values.length;
	const mean = values.reduce((sum, one) => sum + one, 0) / count;
	const square = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
	return { count, mean, error2: square / (count - 1) / count };
}

/** Welch's interval (Biometrika 34, 1947): the groups differ in size and spread. */
export function differenceOf(control: readonly number[], routed: readonly number[]): Difference {
	const a = momentsOf(control);
	const b = momentsOf(routed);
	const error2 = a.error2 + b.error2;
	const degrees = error2 === 0 ? Number.POSITIVE_INFINITY : error2 ** 2 / (a.error2 ** 2 / (a.count - 1) + b.error2 ** 2 / (b.count - 1));
	const half = quantileOf(degrees) * Math.sqrt(error2);
	const difference = a.mean - b.mean;
	return { control: a.mean, routed: b.mean, difference, low: difference - half, high: difference + half };
}

/** Student's interval of the mean of differences, of the same thing done two ways. */
export function meanDifference(differences: readonly number[]): { readonly value: number; readonly low: number; readonly high: number } {
	const { mean, error2, count } = momentsOf(differences);
	const half = quantileOf(count - 1) * Math.sqrt(error2);
	return { value: mean, low: mean - half, high: mean + half };
}

/**
 * Only trees that routing had something to say about; all calls of such a tree count, whoever answered them. Undefined
 * where no control group is set (`share`, in [0, 1)) and none is in the record.
 */
export function measureSavings(trees: readonly MeasuredTree[], share: number): MeasuredSavings | undefined {
	if (share === 0 && trees.length === 0) return undefined;
	const touched = trees.filter(({ isTouched }) => isTouched);
	const control = touched.filter(({ arm }) => arm === 'control');
	const routed = touched.filter(({ arm }) => arm === 'routed');
	const of = (value: (tree: MeasuredTree) => number) => differenceOf(control.map(value), routed.map(value));
	const isEnough = Math.min(control.length, routed.length) >= FEWEST_TREES;
	return {
		share,
		controlTrees: control.length,
		routedTrees: routed.length,
		fewestTrees: FEWEST_TREES,
		means: isEnough
			? {
					costNanoUsd: of(({ costNanoUsd }) => costNanoUsd),
					calls: of(({ calls }) => calls),
					failedCalls: of(({ failedCalls }) => failedCalls),
					waitMs: of(({ waitMs }) => waitMs),
				}
			: undefined,
	};
}
