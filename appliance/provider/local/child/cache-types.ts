/** Which types the engine keeps keys and values in, and why: docs/decisions/0117 has the figures behind it. */

import type { KvCacheChoice } from '../../../config/schema.ts';

export interface CacheTypes {
	/** As ggml names them, lower case. */
	readonly keys: string;
	readonly values: string;
	/** Of sliding windows, where it is another: they are short, and each layer's error adds up. */
	readonly slidingWindows: string | undefined;
	/** One sentence. */
	readonly reason: string;
}

export interface CacheFacts {
	readonly build: 'prebuilt' | 'own';
	readonly architecture: string;
	/** Sizes of the heads of keys and of values. */
	readonly headSizes: readonly number[];
	readonly isCalibrated: boolean;
}

/** Half of f16's memory at its quality: what every build and every model can do. */
const SAFE = { keys: 'q8_0', values: 'q8_0', slidingWindows: undefined } as const;

/** Coordinates of the codec's smallest blocks, which the engine takes by itself where larger ones do not fit. */
const SMALLEST_BLOCK = 64;

/** Coordinates of a block of segments. */
const SEGMENTED_BLOCK = 256;

/** Where the weights of the norms tell which channels are loud: native/turboquant/ggml/llama/key-balance.cpp has the same list. */
const BALANCED = new Set(['gemma3', 'gemma4', 'qwen3', 'qwen3moe']);

/** Segments gain by a calibration alone: ordered by the norms' weights, they hold keys no better than plain blocks, which are faster. */
const BEST = { calibrated: 'tqs40/tq4', balanced: 'tq4' } as const;

export function chooseCacheTypes(wanted: KvCacheChoice, facts: CacheFacts): CacheTypes {
	const isSegmented = facts.isCalibrated && fitsSegments(facts);
	const best = isSegmented ? BEST.calibrated : BEST.balanced;
	const [keys = '', values = keys] = (wanted === 'auto' ? best : wanted).split('/');
	const isOfCodec = `${keys}/${values}`.includes('tq');
	const obstacle = isOfCodec ? obstacleOf(facts) : undefined;
	if (obstacle !== undefined) return { ...SAFE, reason: obstacle };
	const source = isSegmented ? 'keys calibrated for this model' : 'keys balanced by the weights of the norms alone';
	const detail = isOfCodec ? source : 'as configured';
	return {
		keys,
		values,
		slidingWindows: isOfCodec ? 'q8_0' : undefined,
		reason: wanted === 'auto' || !isOfCodec ? detail : `as configured, ${source}`,
	};
}

function fitsSegments({ headSizes }: CacheFacts): boolean {
	return headSizes.every((size) => size % SEGMENTED_BLOCK === 0);
}

function obstacleOf(facts: CacheFacts): string | undefined {
	const { build, architecture, headSizes, isCalibrated } = facts;
	if (build === 'prebuilt') return 'the prebuilt engine knows no smaller type of the same quality';
	const odd = headSizes.find((size) => size === 0 || size % SMALLEST_BLOCK !== 0);
	if (odd !== undefined) return `heads of ${odd} do not fit blocks of ${SMALLEST_BLOCK}`;
	if (BALANCED.has(architecture) || (isCalibrated && fitsSegments(facts))) return undefined;
	const silence = `nothing tells which channels are loud in the keys of ${architecture}`;
	return fitsSegments(facts)
		? `${silence} yet: innerloop kv calibrate`
		: `${silence}, and calibrated ones need heads of ${SEGMENTED_BLOCK}`;
}
