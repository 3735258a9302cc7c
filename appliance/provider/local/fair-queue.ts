/** A bounded queue that serves its members in turn, so that one member's burst does not starve the others. */

export interface Queued<T> {
	readonly memberId: string;
	readonly value: T;
}

/** Round robin by member, first in first out within a member. `capacity` bounds the sum over all members. */
export class FairQueue<T> {
	readonly #capacity: number;
	/** Members with waiting entries, the next to be served first. */
	readonly #lanes = new Map<string, T[]>();
	#size = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	get size(): number {
		return this.#size;
	}

	/** False when the queue is full; then nothing was added. */
	push(memberId: string, value: T): boolean {
		if (this.#size >= this.#capacity) return false;
		const lane = this.#lanes.get(memberId);
		if (lane === undefined) this.#lanes.set(memberId, [value]);
		else lane.push(value);
		this.#size += 1;
		return true;
	}

	/** The next entry; its member goes to the end of the line. */
	shift(): Queued<T> | undefined {
		const first = this.#lanes.entries().next();
		if (first.done) return undefined;
		const [memberId, lane] = first.value;
		const value = lane.shift() as T;
		this.#lanes.delete(memberId);
		if (lane.length > 0) this.#lanes.set(memberId, lane);
		this.#size -= 1;
		return { memberId, value };
	}

	/** True when the entry was waiting. */
	remove(memberId: string, value: T): boolean {
		const lane = this.#lanes.get(memberId);
		const index = lane?.indexOf(value) ?? -1;
		if (lane === undefined || index < 0) return false;
		lane.splice(index, 1);
		if (lane.length === 0) this.#lanes.delete(memberId);
		this.#size -= 1;
		return true;
	}

	/** Everything that waits, in no promised order. */
	*[Symbol.iterator](): IterableIterator<T> {
		for (const lane of this.#lanes.values()) yield* lane;
	}

	/** Empties the queue and gives back what waited. */
	drain(): T[] {
		const all = [...this];
		this.#lanes.clear();
		this.#size = 0;
		return all;
	}
}
