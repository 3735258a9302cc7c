/** The one door to native code: TurboQuant's codec with checked arguments. */

import { createRequire } from 'node:module';
import type { Addon, NativePublishedCodec } from './addon.ts';
import { checkArray, checkInteger, TurboquantError } from './check-arguments.ts';

/** Rows of one KV head: `blocks` blocks of `block` (64, 128 or 256) coordinates with codes of `bits` (3 to 6); at most 512 coordinates. */
export interface BlockShape {
	readonly bits: number;
	readonly block: number;
	readonly blocks: number;
}

export interface Codebook {
	/** Ascending, for coordinates of variance 1; 2^bits of them. */
	readonly centroids: Float64Array;
	/** Mean squared error of a coordinate. */
	readonly distortion: number;
}

const ROTATIONS = ['signed-hadamard', 'haar'] as const;
const SCALES = ['norm', 'corrected', 'eden'] as const;
const RESIDUALS = ['none', 'gaussian', 'orthogonal'] as const;

/** The codec as the papers describe it (arXiv 2504.19874); the residual is QJL's sign bit (arXiv 2406.03482). */
export interface PublishedSpec {
	/** A multiple of 8, at most 512; a power of two where a Hadamard transform takes part. */
	readonly headDim: number;
	/** Of a code, 1 to 6; a residual's bit comes on top. */
	readonly bits: number;
	readonly rotation?: (typeof ROTATIONS)[number];
	readonly scale?: (typeof SCALES)[number];
	readonly residual?: (typeof RESIDUALS)[number];
	readonly seed?: number;
}

export interface PublishedCodec {
	/** Of one encoded vector. */
	readonly vectorBytes: number;
	/** [vectors, headDim] → [vectors, vectorBytes] */
	encode(vectors: Float32Array): Uint8Array;
	/** The same on another thread; the input is copied before it returns. */
	encodeInBackground(vectors: Float32Array): Promise<Uint8Array>;
	/** [vectors, vectorBytes] → [vectors, headDim] */
	reconstruct(encoded: Uint8Array): Float32Array;
	/** Inner products of one unquantized query [headDim] with every vector. */
	scores(query: Float32Array, encoded: Uint8Array): Float32Array;
	/** Frees it; every later use throws TQ_CLOSED. */
	close(): void;
}

/** Each function throws a TurboquantError, whose `code` says what was wrong. */
export interface Turboquant {
	/** What this machine can run, the best last. */
	readonly instructionSets: readonly string[];
	/** Lloyd–Max for a normal coordinate, or for one of a point on the sphere of `headDim` dimensions. */
	codebook(bits: number, headDim?: number): Codebook;
	/** [vectors, headDim] → the same, turned by the rotation of this seed, or turned back. */
	rotate(
		vectors: Float32Array,
		options: { kind?: (typeof ROTATIONS)[number]; headDim: number; seed?: number; inverse?: boolean },
	): Float32Array;
	openPublishedCodec(spec: PublishedSpec): PublishedCodec;
	rowBytes(shape: BlockShape): number;
	/** [rows, row] rotated coordinates → [rows, rowBytes] */
	encode(shape: BlockShape, rows: Float32Array): Uint8Array;
	encodeInBackground(shape: BlockShape, rows: Float32Array): Promise<Uint8Array>;
	/** [rows, rowBytes] → [rows, row] */
	reconstruct(shape: BlockShape, encoded: Uint8Array): Float32Array;
	/** [tokens, rowBytes] and rotated queries [heads, row], heads ≤ 16 → [heads, tokens]; the queries are quantized to int8. */
	scores(shape: BlockShape, encoded: Uint8Array, queries: Float32Array, instructionSet?: string): Float32Array;
	/** [tokens, rowBytes] and weights [heads, tokens] ≥ 0 → Σ weight · row, [heads, row]; the weights are quantized to 8 bits. */
	accumulate(shape: BlockShape, encoded: Uint8Array, weights: Float32Array, heads: number, instructionSet?: string): Float32Array;
}

/** @param file the addon, as `obtainAddon` of native/build gives it */
export function openTurboquant(file: string): Turboquant {
	const addon = createRequire(import.meta.url)(file) as Addon;
	return {
		instructionSets: addon.instructionSets(),
		codebook: (bits, headDim = 0) => addon.codebook(checkInteger('bits', bits), checkInteger('headDim', headDim)),
		rotate: (vectors, { kind = 'signed-hadamard', headDim, seed = 1, inverse = false }) => {
			const isDense = numberOf(ROTATIONS, 'kind', kind) === 1;
			return addon.rotate(
				isDense,
				checkInteger('headDim', headDim),
				checkInteger('seed', seed),
				inverse,
				checkArray(Float32Array, vectors),
			);
		},
		openPublishedCodec: (spec) => wrapCodec(openNative(addon, spec)),
		rowBytes: (shape) => addon.rowBytes(checkShape(shape)),
		encode: (shape, rows) => addon.encode(checkShape(shape), checkArray(Float32Array, rows)),
		encodeInBackground: async (shape, rows) => await addon.encodeInBackground(checkShape(shape), checkArray(Float32Array, rows)),
		reconstruct: (shape, encoded) => addon.reconstruct(checkShape(shape), checkArray(Uint8Array, encoded)),
		scores: (shape, encoded, queries, instructionSet) =>
			addon.scores(checkShape(shape), checkArray(Uint8Array, encoded), checkArray(Float32Array, queries), checkName(addon, instructionSet)),
		accumulate: (shape, encoded, weights, heads, instructionSet) =>
			addon.accumulate(
				checkShape(shape),
				checkArray(Uint8Array, encoded),
				checkWeights(weights),
				checkInteger('heads', heads),
				checkName(addon, instructionSet),
			),
	};
}

function openNative(addon: Addon, spec: PublishedSpec): NativePublishedCodec {
	const { headDim, bits, rotation = 'signed-hadamard', scale = 'norm', residual = 'none', seed = 1 } = spec;
	return new addon.PublishedCodec(
		checkInteger('headDim', headDim),
		checkInteger('bits', bits),
		numberOf(ROTATIONS, 'rotation', rotation),
		numberOf(SCALES, 'scale', scale),
		numberOf(RESIDUALS, 'residual', residual),
		checkInteger('seed', seed),
	);
}

function wrapCodec(native: NativePublishedCodec): PublishedCodec {
	return {
		vectorBytes: native.vectorBytes(),
		encode: (vectors) => native.encode(checkArray(Float32Array, vectors)),
		encodeInBackground: async (vectors) => await native.encodeInBackground(checkArray(Float32Array, vectors)),
		reconstruct: (encoded) => native.reconstruct(checkArray(Uint8Array, encoded)),
		scores: (query, encoded) => native.scores(checkArray(Float32Array, query), checkArray(Uint8Array, encoded)),
		close: () => native.close(),
	};
}

function checkShape({ bits, block, blocks }: BlockShape): BlockShape {
	return { bits: checkInteger('bits', bits), block: checkInteger('block', block), blocks: checkInteger('blocks', blocks) };
}

function checkWeights(weights: Float32Array): Float32Array {
	// What is not finite the addon finds; a negative weight its bytes could not hold.
	if (checkArray(Float32Array, weights).some((weight) => weight < 0)) throw new TurboquantError('TQ_NEGATIVE', 'A weight is negative.');
	return weights;
}

function checkName(addon: Addon, instructionSet: string | undefined): string | undefined {
	if (instructionSet === undefined || addon.instructionSets().includes(instructionSet)) return instructionSet;
	throw new TurboquantError('TQ_NO_INSTRUCTION_SET', `This machine does not have the instruction set ${instructionSet}.`);
}

function numberOf(names: readonly string[], what: string, name: string): number {
	const number = names.indexOf(name);
	if (number < 0) throw new TurboquantError('TQ_WRONG_TYPE', `${what} is one of ${names.join(', ')}.`);
	return number;
}
