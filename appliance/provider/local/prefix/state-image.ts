/** The state of one sequence as llama.cpp writes it to a file: read by rows of tokens. */

import { closeSync, openSync, readSync } from 'node:fs';

export const IMAGE_MAGIC = 0x67677371;
export const IMAGE_VERSION = 3;
/** A cell: position, count of sequences, one sequence. Models that put more between are not known here. */
const CELL_BYTES = 12;

/** Rows of one layer's keys or values. */
export interface RowKind {
	readonly typeId: number;
	readonly rowBytes: number;
}

/** What the rows of a cache look like: equal for all states of one model, cache type and build of llama.cpp. */
export interface CacheShape {
	readonly keys: readonly RowKind[];
	readonly values: readonly RowKind[];
}

interface Section {
	readonly shape: CacheShape;
	/** Position of each cell, in the order of rows. */
	readonly positions: Int32Array;
	/** Where in the file the rows of each layer begin: keys, then values. */
	readonly offsets: readonly number[];
}

/** `window` is there for models with sliding-window layers: their cache is one of its own. */
export interface ImageShape {
	readonly streams: number;
	readonly base: CacheShape;
	readonly window: CacheShape | undefined;
}

export const bytesPerToken = ({ keys, values }: CacheShape): number =>
	[...keys, ...values].reduce((sum, { rowBytes }) => sum + rowBytes, 0);

/** Thrown when a file is not what this reader knows: the model's kind of cache is then not shared or stored. */
class UnknownImage extends Error {}

export class StateImage {
	readonly tokens: readonly number[];
	readonly shape: ImageShape;
	readonly #file: number;
	readonly #base: Section;
	readonly #window: Section | undefined;

	/** @throws UnknownImage */
	constructor(path: string) {
		this.#file = openSync(path, 'r');
		try {
			const reader = new Reader(this.#file);
			if (reader.u32() !== IMAGE_MAGIC || reader.u32() !== IMAGE_VERSION) throw new UnknownImage('another version of sequence states');
			this.tokens = [...reader.i32s(reader.u32())];
			const base = readSection(reader);
			const window = reader.isAtEnd() ? undefined : readSection(reader);
			if (!reader.isAtEnd()) throw new UnknownImage('more caches than two');
			this.#base = base.section;
			this.#window = window?.section;
			this.shape = { streams: base.streams, base: base.section.shape, window: window?.section.shape };
		} catch (error) {
			closeSync(this.#file);
			throw error;
		}
	}

	close(): void {
		closeSync(this.#file);
	}

	/** Rows of the tokens [start, end): for each layer its keys, then for each layer its values. */
	baseRows(start: number, end: number): Buffer {
		return this.#rows(this.#base, start, end);
	}

	/** The sliding windows as they stand behind the last token: rows of [windowStart, tokens). */
	windowRows(): { readonly start: number; readonly rows: Buffer } | undefined {
		if (this.#window === undefined) return undefined;
		const start = Math.min(...this.#window.positions);
		return { start, rows: this.#rows(this.#window, start, this.tokens.length) };
	}

	#rows({ shape, positions, offsets }: Section, start: number, end: number): Buffer {
		const rows = Buffer.allocUnsafe((end - start) * bytesPerToken(shape));
		const runs = runsOf(positions, start, end);
		let at = 0;
		for (const [index, { rowBytes }] of [...shape.keys, ...shape.values].entries()) {
			for (const { cell, position, count } of runs) {
				const target = at + (position - start) * rowBytes;
				const offset = (offsets[index] ?? 0) + cell * rowBytes;
				const read = readSync(this.#file, rows, target, count * rowBytes, offset);
				if (read !== count * rowBytes) throw new UnknownImage('it ends early');
			}
			at += (end - start) * rowBytes;
		}
		return rows;
	}
}

interface Run {
	readonly cell: number;
	readonly position: number;
	readonly count: number;
}

/** Neighbouring cells with neighbouring positions are read at once. @throws UnknownImage when a position is missing */
function runsOf(positions: Int32Array, start: number, end: number): readonly Run[] {
	const runs: { cell: number; position: number; count: number }[] = [];
	let found = 0;
	for (const [cell, position] of positions.entries()) {
		if (position < start || position >= end) continue;
		const last = runs.at(-1);
		found += 1;
		if (last !== undefined && last.cell + last.count === cell && last.position + last.count === position) last.count += 1;
		else runs.push({ cell, position, count: 1 });
	}
	if (found !== end - start) throw new UnknownImage(`${end - start - found} of its tokens have no cell`);
	return runs;
}

function readSection(reader: Reader): { readonly streams: number; readonly section: Section } {
	const streams = reader.u32();
	let section: Section | undefined;
	for (let stream = 0; stream < streams; stream += 1) {
		const cells = reader.u32();
		if (cells === 0) continue;
		if (section !== undefined) throw new UnknownImage('one sequence in two streams');
		section = readCells(reader, cells);
	}
	if (section === undefined) throw new UnknownImage('it holds no token');
	return { streams, section };
}

function readCells(reader: Reader, cells: number): Section {
	const positions = new Int32Array(cells);
	const meta = reader.i32s((cells * CELL_BYTES) / 4);
	for (let cell = 0; cell < cells; cell += 1) {
		if (meta[cell * 3 + 1] !== 1) throw new UnknownImage('a cell says more than where it is');
		positions[cell] = meta[cell * 3] ?? -1;
	}
	if (reader.u32() !== 0) throw new UnknownImage('its values are transposed');
	const layers = reader.u32();
	const offsets: number[] = [];
	const readKinds = (): RowKind[] =>
		Array.from({ length: layers }, () => {
			const kind = { typeId: reader.u32(), rowBytes: reader.u64() };
			offsets.push(reader.at);
			reader.skip(kind.rowBytes * cells);
			return kind;
		});
	return { shape: { keys: readKinds(), values: readKinds() }, positions, offsets };
}

class Reader {
	at = 0;
	readonly #file: number;

	constructor(file: number) {
		this.#file = file;
	}

	u32(): number {
		return this.#read(4).readUInt32LE();
	}

	u64(): number {
		return Number(this.#read(8).readBigUInt64LE());
	}

	i32s(count: number): Int32Array {
		const bytes = new Uint8Array(this.#read(count * 4));
		return new Int32Array(bytes.buffer, 0, count);
	}

	skip(bytes: number): void {
		this.at += bytes;
	}

	isAtEnd(): boolean {
		return readSync(this.#file, Buffer.alloc(1), 0, 1, this.at) === 0;
	}

	#read(bytes: number): Buffer {
		if (bytes > MOST_READ_BYTES) throw new UnknownImage('a length makes no sense');
		const buffer = Buffer.alloc(bytes);
		if (readSync(this.#file, buffer, 0, bytes, this.at) !== bytes) throw new UnknownImage('it ends early');
		this.at += bytes;
		return buffer;
	}
}

/** Far beyond the cells of any context. */
const MOST_READ_BYTES = 64 * 1024 * 1024;
