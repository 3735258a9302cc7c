/** Keeps the latest body of each conversation, so that what an upstream has counted already can be told from what is new. */

/** Are these byte ranges of equal length the same? The caller brings the fastest comparison that it has. */
export type IsEqual = (a: Uint8Array, b: Uint8Array) => boolean;

/** Some dozens of long sessions, or thousands of short ones. */
const DEFAULT_LIMIT_BYTES = 24 * 1024 * 1024;
/** Compared at once; a difference is then found by halving. */
const STEP_BYTES = 32 * 1024;

/** Length of the longest head that `a` and `b` share, of at most `limit` bytes. */
function sharedHead(a: Uint8Array, b: Uint8Array, limit: number, isEqual: IsEqual): number {
	const same = (from: number, to: number) => isEqual(a.subarray(from, to), b.subarray(from, to));
	return growWhileSame(limit, same);
}

function sharedTail(a: Uint8Array, b: Uint8Array, limit: number, isEqual: IsEqual): number {
	const behind = (bytes: Uint8Array, from: number, to: number) => bytes.subarray(bytes.length - to, bytes.length - from);
	return growWhileSame(limit, (from, to) => isEqual(behind(a, from, to), behind(b, from, to)));
}

/** The largest n ≤ limit for which `same` holds from 0 to n, given that it holds piece by piece. */
function growWhileSame(limit: number, same: (from: number, to: number) => boolean): number {
	let known = 0;
	let step = STEP_BYTES;
	while (known < limit && step > 0) {
		const to = Math.min(known + step, limit);
		if (same(known, to)) known = to;
		else step = step === 1 ? 0 : Math.ceil(Math.min(step, to - known) / 2);
	}
	return known;
}

/** Bytes of `now` outside the longest head and tail that it shares with `before`. What only `before` has does not count. */
export function unseenBytes(before: Uint8Array, now: Uint8Array, isEqual: IsEqual): number {
	const shorter = Math.min(before.length, now.length);
	const head = sharedHead(before, now, shorter, isEqual);
	return now.length - head - sharedTail(before, now, shorter - head, isEqual);
}

/** A conversation that came again comes on growing: room for some calls, so that memory is not asked for at each. */
const ROOM_TO_GROW = 1.25;

interface Held {
	readonly memory: Uint8Array;
	readonly length: number;
}

/** Keeps copies, since the memory of a call's body is used again. The least recently kept body is dropped first. */
export class HeldBodies {
	readonly #limitBytes: number;
	readonly #bodies = new Map<string, Held>();
	#bytes = 0;

	constructor(limitBytes: number = DEFAULT_LIMIT_BYTES) {
		this.#limitBytes = limitBytes;
	}

	/** Valid until the next body is kept. */
	get(id: string): Uint8Array | undefined {
		const held = this.#bodies.get(id);
		return held?.memory.subarray(0, held.length);
	}

	keep(id: string, body: Uint8Array): void {
		const { length } = body;
		const memory = this.#bodies.get(id)?.memory;
		this.drop(id);
		if (length > this.#limitBytes) return;
		const isFit = memory !== undefined && length <= memory.length && memory.length <= 4 * length;
		const room = memory === undefined ? length : Math.min(this.#limitBytes, Math.ceil(length * ROOM_TO_GROW));
		const taken = isFit ? memory : new Uint8Array(room);
		taken.set(body);
		this.#bodies.set(id, { memory: taken, length });
		this.#bytes += taken.length;
		for (const oldest of this.#bodies.keys()) {
			if (this.#bytes <= this.#limitBytes) break;
			this.drop(oldest);
		}
	}

	get bytes(): number {
		return this.#bytes;
	}

	drop(id: string): void {
		this.#bytes -= this.#bodies.get(id)?.memory.length ?? 0;
		this.#bodies.delete(id);
	}
}
