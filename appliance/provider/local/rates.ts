/** Live prefill and decode rates by depth of context, and the time estimates made from them. */

import type { EngineStatus } from '../../protocol/ports.ts';
import type { Measurement } from './messages.ts';

/** Lower edges of the depth buckets in tokens: attention's share grows with depth, so one rate for all would lie at both ends. */
const DEPTH_EDGES = [0, 1_024, 4_096, 16_384, 65_536] as const;

/** Weight of a new sample: decoding gives one every four tokens, so about the last fifty tokens count. */
const SAMPLE_WEIGHT = 0.1;

/** Shorter prompt pieces are dominated by fixed costs of a step and say nothing of the rate. */
const MIN_PREFILL_TOKENS = 16;

interface Bucket {
	prefill: number | undefined;
	decode: number | undefined;
}

export class RateTable {
	readonly #buckets: Bucket[] = DEPTH_EDGES.map(() => ({ prefill: undefined, decode: undefined }));
	#bytesPerToken: number | undefined;

	measure({ kind, depthTokens, tokens, durationMs }: Measurement): void {
		if (durationMs <= 0 || tokens <= 0) return;
		if (kind === 'prefill' && tokens < MIN_PREFILL_TOKENS) return;
		const bucket = this.#buckets[bucketOf(depthTokens)];
		if (bucket !== undefined) bucket[kind] = blend(bucket[kind], (tokens * 1_000) / durationMs);
	}

	/** Bytes of a rendered prompt beside its tokens. */
	measurePrompt(bytes: number, tokens: number): void {
		if (tokens > 0) this.#bytesPerToken = blend(this.#bytesPerToken, bytes / tokens);
	}

	/** Tokens a second at this depth: the bucket's own rate, else the nearest shallower one, else the nearest deeper one. */
	rate(kind: Measurement['kind'], depthTokens: number): number | undefined {
		const index = bucketOf(depthTokens);
		for (let at = index; at >= 0; at -= 1) {
			const rate = this.#buckets[at]?.[kind];
			if (rate !== undefined) return rate;
		}
		return this.#buckets.slice(index + 1).find((bucket) => bucket[kind] !== undefined)?.[kind];
	}

	/** Undefined until a prompt was seen. */
	get bytesPerToken(): number | undefined {
		return this.#bytesPerToken;
	}

	/** Ascending by depth; empty buckets are left out. */
	byDepth(): EngineStatus['ratesByDepth'] {
		return this.#buckets.flatMap((bucket, index) =>
			bucket.prefill === undefined && bucket.decode === undefined
				? []
				: [
						{
							depthTokens: DEPTH_EDGES[index] ?? 0,
							prefillTokensPerSecond: bucket.prefill,
							decodeTokensPerSecond: bucket.decode,
						},
					],
		);
	}
}

/** Time that a call still needs when it may write `outputTokens` more; undefined before anything was measured. */
export function estimateMs(rates: RateTable, promptTokens: number, outputTokens: number): number | undefined {
	const prefill = rates.rate('prefill', promptTokens);
	const decode = rates.rate('decode', promptTokens);
	if (prefill === undefined || decode === undefined) return undefined;
	return (promptTokens / prefill + outputTokens / decode) * 1_000;
}

function bucketOf(depthTokens: number): number {
	return DEPTH_EDGES.findLastIndex((edge) => depthTokens >= edge);
}

function blend(old: number | undefined, sample: number): number {
	return old === undefined ? sample : old + SAMPLE_WEIGHT * (sample - old);
}
