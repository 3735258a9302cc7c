/** Percentiles of measured times. */

export interface Percentiles {
	readonly count: number;
	readonly p50: number;
	readonly p99: number;
}

/** Nearest-rank percentiles; NaN where nothing was measured. */
export function percentiles(samples: readonly number[]): Percentiles {
	const sorted = Float64Array.from(samples).sort();
	const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
	return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}
