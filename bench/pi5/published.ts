/** Results that others published of a Raspberry Pi 5, with what the projection needs to know of each model. */

import { type Constants, fitConstants, type Workload } from './projection.ts';

const GEMMA4_BENCHMARK = 'slomin/potato-os, docs/benchmarks/gemma4-pi-benchmark-2026-04-04.md';
const GEMMA4_SPIKE = 'potato-os/core, pull request 269';

/** Multiplications from the shapes (35 or 42 layers); bits: Q4_0 4.5, Q4_K_M 4.85 on the mean of its layers, output matrix Q6_K 6.5625. */
const E2B_LAYERS = 1.8768e9;
const E2B_HEAD = 0.4027e9;
const E4B_LAYERS = 3.9728e9;
const E4B_HEAD = 0.6711e9;
const bytes = (elements: number, bits: number): number => (elements * bits) / 8;

export const E2B_Q4_K_M: Workload = { weightBytes: bytes(E2B_LAYERS, 4.85) + bytes(E2B_HEAD, 6.5625), layerMultiplications: E2B_LAYERS };
const E4B_Q4_0: Workload = { weightBytes: bytes(E4B_LAYERS, 4.5) + bytes(E4B_HEAD, 6.5625), layerMultiplications: E4B_LAYERS };

/** All of a dense model's file is read for a token, but for a table of embeddings that is not the output matrix too. */
const dense = (fileBytes: number, tableBytes = 0): Workload => ({ weightBytes: fileBytes - tableBytes, layerMultiplications: Number.NaN });

/** The one result that fixes the constants: llama.cpp a1cfb64, Gemma 4 E2B Q4_K_M, Pi 5 of 8 GB. */
export const PI5_CONSTANTS: Constants = fitConstants(E2B_Q4_K_M, { prefill: 31.98, decode: 6.44 });

export interface PublishedResult {
	readonly what: string;
	readonly source: string;
	readonly kind: 'decode' | 'prefill';
	readonly workload: Workload;
	/** Tokens a second; several where the same was measured more than once: their mean counts. */
	readonly tokensPerSecond: readonly number[];
	/** Why the projection cannot be right within 15 %. */
	readonly isMissedBecause?: string;
}

const GEERLING = 'geerlingguy/ai-benchmarks, issue 7';
const BANDWIDTH = 'ggml-org/llama.cpp, issue 26484';

export const PUBLISHED: readonly PublishedResult[] = [
	{
		what: 'Gemma 4 E4B Q4_0, llama.cpp',
		source: `${GEMMA4_SPIKE}; ${GEMMA4_BENCHMARK}`,
		kind: 'decode',
		workload: E4B_Q4_0,
		tokensPerSecond: [2.79, 3.48, 3.26],
	},
	{ what: 'Gemma 4 E2B Q4_K_M, ik_llama', source: GEMMA4_SPIKE, kind: 'decode', workload: E2B_Q4_K_M, tokensPerSecond: [7.3] },
	{ what: 'Llama 3.2 3B Q4_K_M, Ollama', source: GEERLING, kind: 'decode', workload: dense(2.019e9), tokensPerSecond: [4.51, 4.88] },
	{
		what: 'Llama 3.1 8B Q4_K_M, Ollama',
		source: GEERLING,
		kind: 'decode',
		workload: dense(4.92e9, bytes(128_256 * 4_096, 4.5)),
		tokensPerSecond: [2.05, 2.17],
	},
	{
		what: 'Llama 2 13B Q4_0, Ollama',
		source: GEERLING,
		kind: 'decode',
		workload: dense(7.366e9, bytes(32_000 * 5_120, 4.5)),
		tokensPerSecond: [1.35, 1.36],
	},
	{ what: 'small dense model, Q4_K_M', source: BANDWIDTH, kind: 'decode', workload: dense(0.398e9), tokensPerSecond: [25.77] },
	{ what: 'small dense model, Q8_0', source: BANDWIDTH, kind: 'decode', workload: dense(0.531e9), tokensPerSecond: [19.87] },
	{
		what: 'Gemma 4 E4B Q4_0, llama.cpp',
		source: `${GEMMA4_SPIKE}; ${GEMMA4_BENCHMARK}`,
		kind: 'prefill',
		workload: E4B_Q4_0,
		tokensPerSecond: [18.86, 18.46, 25.75],
		isMissedBecause: 'Q4_0 is repacked for the dot product, the Q4_K_M that fixed the constant only in part; two boards differ by 40 %',
	},
	{
		what: 'Gemma 4 E2B Q4_K_M, ik_llama',
		source: GEMMA4_SPIKE,
		kind: 'prefill',
		workload: E2B_Q4_K_M,
		tokensPerSecond: [46.72],
		isMissedBecause: 'other kernels: the constant is of llama.cpp’s',
	},
	{
		what: 'Gemma 4 E2B, 2 to 8 bits, LiteRT-LM',
		source: 'litert-community/gemma-4-E2B-it-litert-lm',
		kind: 'decode',
		workload: dense(0.78e9),
		tokensPerSecond: [7.6],
		isMissedBecause: 'unpacking two bits is bound by instructions, not by its 0.78 GB',
	},
	{
		what: 'Gemma 4 E2B, 2 to 8 bits, LiteRT-LM',
		source: 'litert-community/gemma-4-E2B-it-litert-lm',
		kind: 'prefill',
		workload: E2B_Q4_K_M,
		tokensPerSecond: [133],
		isMissedBecause: 'other kernels: the constant is of llama.cpp’s',
	},
];

/** Prefill by length, llama.cpp ccbc84a53 (geerlingguy/ai-benchmarks, issue 47): 48 layers, 32 heads of 128, 2.7·10⁹ weights of the layers a token. */
export const PUBLISHED_DEPTH = {
	workload: { weightBytes: Number.NaN, layerMultiplications: 2.717e9, attentionMultiplications: 48 * 32 * 128 * 2 } satisfies Workload,
	tokensPerSecond: { 512: 10.91, 4096: 8.62 },
} as const;
