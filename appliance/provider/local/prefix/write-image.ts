/** Puts the state of a sequence together from rows of tokens, as llama.cpp would have written it. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { type CacheShape, IMAGE_MAGIC, IMAGE_VERSION, type ImageShape } from './state-image.ts';

/** Rows of the tokens [start, start + count) in one piece, as `StateImage.baseRows` gives them. */
export interface RowPiece {
	readonly start: number;
	readonly count: number;
	readonly rows: Buffer;
}

export interface ImageParts {
	readonly shape: ImageShape;
	readonly tokens: readonly number[];
	/** Without gaps, from token 0 to the end. A piece is written before the next is asked for: a long prefix is never in memory as a whole. */
	readonly base: AsyncIterable<RowPiece>;
	/** For models with sliding windows: the rows of their last tokens, and how many cells their cache has. */
	readonly window: { readonly piece: RowPiece; readonly cells: number } | undefined;
}

/**
 * Writes a state that llama.cpp loads as if the tokens had just been evaluated. With sliding windows one token more than
 * these is written, without content: erased after loading, it leaves the cache looking for its next cell where a fresh
 * run would.
 * @returns how many tokens the state holds
 */
export async function writeImage(path: string, { shape, tokens, base, window }: ImageParts): Promise<number> {
	const held = window === undefined ? tokens : [...tokens, tokens.at(-1) ?? 0];
	const file = openSync(path, 'w', 0o600);
	try {
		const writer = new Writer(file);
		writer.u32s([IMAGE_MAGIC, IMAGE_VERSION, held.length]);
		writer.u32s(held);
		const places = reserve(writer, shape.streams, shape.base, Int32Array.from(held.keys()));
		for await (const piece of base) {
			for (const { at, rowBytes, offset } of places) {
				writer.bytesAt(at + piece.start * rowBytes, piece.rows.subarray(offset * piece.count, (offset + rowBytes) * piece.count));
			}
		}
		if (shape.window !== undefined && window !== undefined) writeWindow(writer, shape.streams, shape.window, held.length, window);
		return held.length;
	} finally {
		closeSync(file);
	}
}

/**
 * A fresh run fills the cells of a sliding-window cache round and round: token p lies in cell p modulo their number. The
 * state is written for all cells, so that it comes to lie exactly there, and sums over it are made in the same order, to
 * the last bit. Cells of tokens that no window reaches any more are zero.
 */
function writeWindow(
	writer: Writer,
	streams: number,
	shape: CacheShape,
	tokens: number,
	{ piece, cells }: NonNullable<ImageParts['window']>,
): void {
	const positions = ringPositions(tokens, cells);
	const places = reserve(writer, streams, shape, positions);
	for (const { at, rowBytes, offset } of places) {
		const rows = Buffer.alloc(positions.length * rowBytes);
		for (const [cell, position] of positions.entries()) {
			const index = position - piece.start;
			if (index < 0 || index >= piece.count) continue;
			const from = offset * piece.count + index * rowBytes;
			piece.rows.copy(rows, cell * rowBytes, from, from + rowBytes);
		}
		writer.bytesAt(at, rows);
	}
}

/** Which token lies in which cell after `tokens` tokens in a ring of `cells`. */
function ringPositions(tokens: number, cells: number): Int32Array {
	const length = Math.min(tokens, cells);
	const first = tokens - length;
	const turn = first - (first % cells);
	return Int32Array.from({ length }, (_, cell) => (turn + cell >= first ? turn + cell : turn + cells + cell));
}

/** Where the rows of one layer's keys or values are to be written. */
interface Place {
	readonly at: number;
	readonly rowBytes: number;
	/** Bytes of a token's rows before this one. */
	readonly offset: number;
}

/** Writes what stands around the rows: cells, then keys and values layer by layer. */
function reserve(writer: Writer, streams: number, { keys, values }: CacheShape, positions: Int32Array): readonly Place[] {
	writer.u32s([streams, positions.length]);
	const cells = new Uint32Array(positions.length * 3);
	for (const [cell, position] of positions.entries()) cells.set([position, 1, 0], cell * 3);
	writer.u32s(cells);
	writer.u32s([0, keys.length]);
	let offset = 0;
	const places = [...keys, ...values].map(({ typeId, rowBytes }) => {
		writer.u32s([typeId, rowBytes % 2 ** 32, Math.floor(rowBytes / 2 ** 32)]);
		const place = { at: writer.at, rowBytes, offset };
		writer.at += positions.length * rowBytes;
		offset += rowBytes;
		return place;
	});
	writer.u32s(new Uint32Array(streams - 1));
	return places;
}

class Writer {
	at = 0;
	readonly #file: number;

	constructor(file: number) {
		this.#file = file;
	}

	u32s(values: ArrayLike<number>): void {
		const bytes = Buffer.from(Uint32Array.from(values).buffer);
		this.bytesAt(this.at, bytes);
		this.at += bytes.length;
	}

	bytesAt(at: number, bytes: Buffer): void {
		for (let written = 0; written < bytes.length; ) {
			written += writeSync(this.#file, bytes, written, bytes.length - written, at + written);
		}
	}
}
