/** What the ring of a sliding-window cache still holds, and whether rolling back in it leaves it as a fresh run would. */

export class Ring {
	readonly #windowTokens: number;
	readonly #cells: number;
	/** The oldest token whose rows are there. */
	#floor = 0;
	/** Token p lies in cell p modulo the cells, and the next one will. */
	#isRegular = true;

	constructor(windowTokens: number, cells: number) {
		this.#windowTokens = windowTokens;
		this.#cells = cells;
	}

	/** Can this ring go on from `cut` of its `held` tokens, in the same order of cells as a fresh run? */
	canKeep(cut: number, held: number): boolean {
		if (cut === 0) return true;
		if (!this.#isRegular || !this.isWhole(cut)) return false;
		if (cut === held || held <= this.#cells) return true;
		const isOneTurn = Math.floor(cut / this.#cells) === Math.floor((held - 1) / this.#cells);
		// llama.cpp looks from the first cell on when its place is further than what is used.
		return isOneTurn && cut % this.#cells <= this.#cells - (held - cut) + 2;
	}

	/** Is a whole window left before `cut`? */
	isWhole(cut: number): boolean {
		return this.#floor === 0 || cut - this.#windowTokens >= this.#floor;
	}

	/** After the tokens behind `cut` of `held` were erased. */
	rolledBack(cut: number, held: number): void {
		if (cut === 0) this.cleared();
		if (cut === 0 || this.canKeep(cut, held)) return;
		this.#isRegular = false;
		this.#floor = Math.max(this.#floor, cut - this.#windowTokens);
	}

	grown(held: number): void {
		this.#floor = Math.max(this.#floor, held - this.#cells);
	}

	cleared(): void {
		this.#floor = 0;
		this.#isRegular = true;
	}

	/** A state was loaded that has the windows behind its last token and nothing older. */
	restored(held: number): void {
		this.#isRegular = true;
		this.#floor = Math.max(0, held - this.#windowTokens);
	}
}

/** As llama.cpp sizes it (llama-kv-cache-iswa.cpp): the window and one batch, in steps of 256, and no more than the context. */
export function ringCells(windowTokens: number, batchTokens: number, contextTokens: number): number {
	return Math.ceil(Math.min(contextTokens, windowTokens + batchTokens) / 256) * 256;
}
