/** In which order deployments of equal rank are tried: by weight, by how much runs there, or by how soon they begin to answer. */

import type { BalanceBy } from '../protocol/words.ts';

/** One of several equals. */
export interface Equal {
	/** Share of the load; at least 0. */
	readonly weight: number;
	/** Calls that run there now. */
	readonly runningCalls: number;
	/** Expected ms to the first token of a call like this one; undefined where nothing was measured lately. */
	readonly firstTokenMs: number | undefined;
}

/** Who is this much slower than the fastest is as good as it: otherwise one measurement would send everybody the same way. */
const AS_GOOD = 1.1;

/** A stream of numbers in [0, 1) from a first one, so that one random number of the caller orders any count of equals. */
function* numbersFrom(random: number): Generator<number, never> {
	let state = Math.floor(random * 0x1_0000_0000) >>> 0;
	yield random;
	for (;;) {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		let mixed = state ^ (state >>> 15);
		mixed = Math.imul(mixed, 0x2c1b_3c6d);
		yield ((mixed ^ (mixed >>> 12)) >>> 0) / 0x1_0000_0000;
	}
}

/** Draws without putting back, each time in proportion to the weights that are left. Weight 0 comes last. */
function byWeight<T extends Equal>(equals: readonly T[], random: number): readonly T[] {
	const numbers = numbersFrom(random);
	const left = [...equals];
	const drawn: T[] = [];
	while (left.length > 0) {
		const sum = left.reduce((total, { weight }) => total + weight, 0);
		let rest = numbers.next().value * sum;
		const at = left.findIndex(({ weight }) => {
			rest -= weight;
			return rest < 0;
		});
		drawn.push(...left.splice(Math.max(at, 0), 1));
	}
	return drawn;
}

/** Twice the weight takes twice the calls before it counts as as busy. */
const busyness = ({ runningCalls, weight }: Equal) => (weight > 0 ? (runningCalls + 1) / weight : Number.MAX_VALUE);

/** Somebody nobody knows is asked first, by one call at a time; the others go to the fastest that is known. */
function slowness(equals: readonly Equal[]): (one: Equal) => number {
	const known = equals.flatMap(({ firstTokenMs }) => (firstTokenMs === undefined ? [] : [firstTokenMs]));
	const fastest = Math.min(...known);
	return ({ firstTokenMs, runningCalls }) => {
		if (firstTokenMs === undefined) return runningCalls === 0 ? 0 : Number.MAX_VALUE;
		return firstTokenMs <= fastest * AS_GOOD ? fastest : firstTokenMs;
	};
}

/** @param random uniform [0, 1): decides by weight among those that the strategy finds equal */
export function balance<T extends Equal>(equals: readonly T[], by: BalanceBy, random: number): readonly T[] {
	if (equals.length < 2) return equals;
	const drawn = byWeight(equals, random);
	if (by === 'least-busy') return drawn.toSorted((a, b) => busyness(a) - busyness(b));
	if (by !== 'latency') return drawn;
	const slow = slowness(equals);
	return drawn.toSorted((a, b) => slow(a) - slow(b));
}
