/** Counts an amount over the last minute, exactly enough that no window of 60 s ever holds more than was admitted into it. */

const SLOT_MS = 100;
/** One more than a minute has: what came at a slot's end still counts a whole minute later. */
const SLOTS = 60_000 / SLOT_MS + 1;

/**
 * A ring of slots with one sum, so that asking and adding take constant time and memory however busy the minute was.
 * An amount counts for at least 60 s and at most 60.1 s. A clock that is set back stands still until it has caught up.
 */
export class MinuteWindow {
	readonly #amounts = new Float64Array(SLOTS);
	#sum = 0;
	#slot = Number.NEGATIVE_INFINITY;

	/** What counts at this moment. */
	sum(nowMs: number): number {
		this.#advance(nowMs);
		return this.#sum;
	}

	/** @returns the slot, for a correction. Whole numbers only, so that the sum stays exact. */
	add(amount: number, nowMs: number): number {
		this.#advance(nowMs);
		const at = this.#slot % SLOTS;
		this.#amounts[at] = (this.#amounts[at] ?? 0) + amount;
		this.#sum += amount;
		return this.#slot;
	}

	/** Puts a better figure in the place of one that was added; without effect once that has left the window. */
	correct(slot: number, before: number, after: number, nowMs: number): void {
		this.#advance(nowMs);
		if (slot <= this.#slot - SLOTS) return;
		this.#amounts[slot % SLOTS] = (this.#amounts[slot % SLOTS] ?? 0) + after - before;
		this.#sum += after - before;
	}

	/** Ms until `amount` more keeps the sum within `limit`, when nothing else is added; 0 when it does now, infinite when it never can. */
	waitMs(amount: number, limit: number, nowMs: number): number {
		this.#advance(nowMs);
		if (amount > limit) return Number.POSITIVE_INFINITY;
		let left = this.#sum;
		for (let slot = this.#slot - SLOTS + 1; left + amount > limit; slot++) {
			left -= this.#amounts[((slot % SLOTS) + SLOTS) % SLOTS] ?? 0;
			if (left + amount <= limit) return Math.max(1, (slot + SLOTS) * SLOT_MS - nowMs);
		}
		return 0;
	}

	#advance(nowMs: number): void {
		const slot = Math.floor(nowMs / SLOT_MS);
		if (slot <= this.#slot) return;
		if (slot - this.#slot >= SLOTS) {
			this.#amounts.fill(0);
			this.#sum = 0;
		} else {
			for (let passed = this.#slot + 1; passed <= slot; passed++) {
				this.#sum -= this.#amounts[passed % SLOTS] ?? 0;
				this.#amounts[passed % SLOTS] = 0;
			}
		}
		this.#slot = slot;
	}
}
