/** Intervals of what a task set shows: shares, their differences, and differences of pairs. */

import { wilsonLow } from '../../appliance/router/earned/standing.ts';
import { meanDifference } from '../../appliance/router/savings/estimate.ts';

const Z = 1.96;

export interface Interval {
	readonly value: number;
	readonly low: number;
	readonly high: number;
}

/** Wilson's, 95 %. */
export function shareOf(count: number, all: number): Interval {
	return { value: all === 0 ? Number.NaN : count / all, low: wilsonLow(count, all, Z), high: 1 - wilsonLow(all - count, all, Z) };
}

/** Newcombe's method 10 (Statistics in Medicine 17, 1998), 95 %: the second share less the first. */
export function shareDifference(first: Interval, second: Interval): Interval {
	const value = second.value - first.value;
	const low = value - Math.hypot(second.value - second.low, first.high - first.value);
	const high = value + Math.hypot(second.high - second.value, first.value - first.low);
	return { value, low, high };
}

/** Of the same tasks, the first way less the second: t interval of the mean, 95 %. */
export function pairedDifference(first: readonly number[], second: readonly number[]): Interval {
	return meanDifference(first.map((value, index) => value - (second[index] ?? Number.NaN)));
}
