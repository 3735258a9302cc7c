/** Memory for the bodies of calls that is used again: fresh memory for each would be old garbage that only a full collection takes. */

import { isLetGo, watchSends } from '../provider/cloud/sent-bodies.ts';

/** Smaller bodies stay where they arrived; their memory is young garbage, which is cheap. */
const LEAST_BYTES = 16_384;
/** Larger ones are seldom, and too much to keep. */
const MOST_BYTES = 4_194_304;
/** Kept for later, all sizes together: what calls use now does not count. */
const KEPT_BYTES = 12_582_912;

export class BodyMemory {
	/** Free memory by its size, a power of two. */
	readonly #free = new Map<number, ArrayBuffer[]>();
	readonly #own = new WeakSet<ArrayBufferLike>();
	#freeBytes = 0;

	/** Room for a body of so many bytes, with whatever stood there before. */
	take(bytes: number): Buffer {
		if (bytes < LEAST_BYTES || bytes > MOST_BYTES) return Buffer.allocUnsafeSlow(bytes);
		const size = sizeFor(bytes);
		const memory = this.#free.get(size)?.pop();
		if (memory !== undefined) {
			this.#freeBytes -= size;
			return Buffer.from(memory, 0, bytes);
		}
		const made = new ArrayBuffer(size);
		this.#own.add(made);
		watchSends(made);
		return Buffer.from(made, 0, bytes);
	}

	/** Takes a body's memory back, if it came from here: nobody may read or write it from now on. */
	giveBack({ buffer }: Uint8Array): void {
		if (!this.#own.has(buffer) || !(buffer instanceof ArrayBuffer) || !isLetGo(buffer)) return;
		const size = buffer.byteLength;
		if (this.#freeBytes + size > KEPT_BYTES) return;
		const free = this.#free.get(size);
		if (free === undefined) this.#free.set(size, [buffer]);
		else if (!free.includes(buffer)) free.push(buffer);
		else return;
		this.#freeBytes += size;
	}

	get freeBytes(): number {
		return this.#freeBytes;
	}
}

function sizeFor(bytes: number): number {
	let size = LEAST_BYTES;
	while (size < bytes) size *= 2;
	return size;
}
