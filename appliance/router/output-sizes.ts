/** How long answers of a role usually are: a small histogram on a logarithmic scale that forgets slowly. */

import type { Role } from '../protocol/words.ts';

/** Four buckets to a doubling: the quantile's upper edge is at most 19 % above it. */
const BUCKETS_PER_DOUBLING = 4;
const BUCKETS = 20 * BUCKETS_PER_DOUBLING;
/** Fewer samples do not tell a 0.99 quantile. */
const ENOUGH = 100;
/** Then all counts are halved, so that last week weighs less than today. */
const FULL = 2_000;
const QUANTILE = 0.99;

interface Histogram {
	readonly counts: readonly number[];
	readonly total: number;
}

export type OutputSizes = Readonly<Record<Role, Histogram>>;

const EMPTY: Histogram = { counts: new Array<number>(BUCKETS).fill(0), total: 0 };
export const NO_OUTPUT_SIZES: OutputSizes = { outer: EMPTY, mid: EMPTY, inner: EMPTY };

function bucketOf(tokens: number): number {
	return Math.min(BUCKETS - 1, Math.ceil(Math.log2(Math.max(1, tokens)) * BUCKETS_PER_DOUBLING));
}

export function addOutputSize(sizes: OutputSizes, role: Role, tokens: number): OutputSizes {
	const { counts } = sizes[role];
	const bucket = bucketOf(tokens);
	const total = sizes[role].total + 1;
	const added = counts.slice();
	added[bucket] = (added[bucket] ?? 0) + 1;
	return { ...sizes, [role]: total < FULL ? { counts: added, total } : halved(added) };
}

function halved(all: readonly number[]): Histogram {
	const counts = all.map((count) => Math.floor(count / 2));
	return { counts, total: counts.reduce((sum, count) => sum + count, 0) };
}

/** Tokens that 99 of 100 answers of the role stay within; undefined with too few samples. */
export function usualOutputTokens(sizes: OutputSizes, role: Role): number | undefined {
	const { counts, total } = sizes[role];
	if (total < ENOUGH) return undefined;
	let seen = 0;
	const bucket = counts.findIndex((count) => {
		seen += count;
		return seen >= QUANTILE * total;
	});
	return Math.ceil(2 ** (bucket / BUCKETS_PER_DOUBLING));
}
