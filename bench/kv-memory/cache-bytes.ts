/** Bytes that a token takes in a cache, by formula: from the shapes in a model's metadata. */

export interface CacheShape {
	readonly layers: number;
	/** Layers at the end that read the caches of others. */
	readonly sharedLayers: number;
	/** For each layer, whether it sees a sliding window only; empty where none does. */
	readonly hasWindow: readonly boolean[];
	readonly keyValueHeads: number;
	/** Of layers that see everything. */
	readonly headSize: number;
}

/** Bits of an element with all scales. Blocks of llama.cpp: 2-byte scales for 32; ours: include/turboquant/block.h, blocks of 256. */
export const BITS_OF_TYPE: Readonly<Record<string, number>> = {
	f16: 16,
	q8_0: 8.5,
	q5_1: 6,
	q5_0: 5.5,
	q4_1: 5,
	q4_0: 4.5,
	tq6: 6.1875,
	tq5: 5.1875,
	tq4: 4.1875,
	tq3: 3.1875,
};

/** Of keys and values in the layers whose cache grows with the context: layers · heads · headSize · 2 · bits / 8. */
export function bytesPerToken(shape: CacheShape, type: string): number {
	const bits = BITS_OF_TYPE[type];
	if (bits === undefined) throw new Error(`bits of ${type} are not known: one of ${Object.keys(BITS_OF_TYPE).join(', ')}`);
	const own = Array.from({ length: shape.layers - shape.sharedLayers }, (_, layer) => layer);
	const growing = own.filter((layer) => shape.hasWindow[layer] !== true).length;
	return (growing * shape.keyValueHeads * shape.headSize * 2 * bits) / 8;
}
