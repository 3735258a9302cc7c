/** What the addon exports, as it is: positional, checked by nobody but index.ts. */

import type { BlockShape, Codebook } from './index.ts';

export interface NativePublishedCodec {
	vectorBytes(): number;
	encode(vectors: Float32Array): Uint8Array;
	encodeInBackground(vectors: Float32Array): Promise<Uint8Array>;
	reconstruct(encoded: Uint8Array): Float32Array;
	scores(query: Float32Array, encoded: Uint8Array): Float32Array;
	close(): void;
}

export interface Addon {
	instructionSets(): readonly string[];
	codebook(bits: number, headDim: number): Codebook;
	rotate(isDense: boolean, headDim: number, seed: number, isInverse: boolean, vectors: Float32Array): Float32Array;
	readonly PublishedCodec: new (
		headDim: number,
		bits: number,
		rotation: number,
		scale: number,
		residual: number,
		seed: number,
	) => NativePublishedCodec;
	rowBytes(shape: BlockShape): number;
	encode(shape: BlockShape, rows: Float32Array): Uint8Array;
	encodeInBackground(shape: BlockShape, rows: Float32Array): Promise<Uint8Array>;
	reconstruct(shape: BlockShape, encoded: Uint8Array): Float32Array;
	scores(shape: BlockShape, encoded: Uint8Array, queries: Float32Array, instructionSet: string | undefined): Float32Array;
	accumulate(
		shape: BlockShape,
		encoded: Uint8Array,
		weights: Float32Array,
		heads: number,
		instructionSet: string | undefined,
	): Float32Array;
}
