/** What a Raspberry Pi 5 should reach, from bytes, arithmetic and two constants that one published result fixes. */

/** GB/s that the memory of a Pi 5 streams with 1, 2, 3 and 4 threads; three are taken to be as two. */
const STREAM_GBPS_OF_ALL = 11.6;
const STREAM_GBPS: readonly number[] = [9.3, 13.2, 13.2, STREAM_GBPS_OF_ALL];
const CORES = 4;
const CLOCK_HZ = 2.4e9;

/**
 * Cycles of one core for an element of a cached key or value with 8 heads on it: `llvm-mca -mcpu=neoverse-n1` (the A76's core
 * family) on the inner loops that gcc 12 makes, or a quarter of the instructions where that is more (docs/decisions/0100).
 * Types without a figure are bound by their bytes alone.
 */
const CYCLES_OF_ELEMENT: Readonly<Record<string, number>> = { tq3: 0.57, tq4: 0.3, tq5: 0.69, tq6: 0.51 };

export interface Workload {
	/** Read for each token: layers and output matrix, without tables that are looked up. */
	readonly weightBytes: number;
	/** Multiplications of a token with the layers' weights; the output matrix meets the last token of a prompt only. */
	readonly layerMultiplications: number;
	/** Of one token in the cache, over all layers that grow with it. */
	readonly cacheBytes?: number;
	readonly cacheElements?: number;
	readonly cacheType?: string;
	/** Multiplications of one token with one cached token. */
	readonly attentionMultiplications?: number;
	/** Four where nothing else is said. */
	readonly threads?: number;
}

export interface Constants {
	/** Share of the streaming bandwidth that decoding reaches. */
	readonly bandwidthShare: number;
	/** Of one core in prefill, with 4-bit weights of llama.cpp's K-quants. */
	readonly multiplicationsPerCycle: number;
}

/** @returns the constants under which `workload` gives exactly what was published of it, at no depth and with four threads */
export function fitConstants(workload: Workload, published: { readonly decode: number; readonly prefill: number }): Constants {
	return {
		bandwidthShare: (published.decode * workload.weightBytes) / (STREAM_GBPS_OF_ALL * 1e9),
		multiplicationsPerCycle: (published.prefill * workload.layerMultiplications) / (CORES * CLOCK_HZ),
	};
}

/** Tokens a second behind `depth` cached tokens: weights by their bytes, the cache by its bytes or its cycles, whichever takes longer. */
export function projectDecode(workload: Workload, { bandwidthShare }: Constants, depth = 0): number {
	const threads = Math.min(Math.max(workload.threads ?? CORES, 1), CORES);
	const bandwidth = bandwidthShare * (STREAM_GBPS[threads - 1] ?? STREAM_GBPS_OF_ALL) * 1e9;
	const cycles = CYCLES_OF_ELEMENT[workload.cacheType ?? ''] ?? 0;
	const cacheByBytes = ((workload.cacheBytes ?? 0) * depth) / bandwidth;
	const cacheByCycles = ((workload.cacheElements ?? 0) * depth * cycles) / (threads * CLOCK_HZ);
	return 1 / (workload.weightBytes / bandwidth + Math.max(cacheByBytes, cacheByCycles));
}

/** Tokens a second of a prompt of `tokens` behind `depth` cached ones: multiplications with weights, and with half of the prompt. */
export function projectPrefill(workload: Workload, { multiplicationsPerCycle }: Constants, tokens: number, depth = 0): number {
	const threads = Math.min(Math.max(workload.threads ?? CORES, 1), CORES);
	const seen = depth + tokens / 2;
	const multiplications = workload.layerMultiplications + (workload.attentionMultiplications ?? 0) * seen;
	return (multiplicationsPerCycle * threads * CLOCK_HZ) / multiplications;
}
