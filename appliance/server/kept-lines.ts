/** The log's last lines in memory, for the page and the support bundle: pieces as they were written, cut into lines when asked. */

const KEPT_CHARACTERS = 262_144;

export class KeptLines {
	#pieces: string[] = [];
	#characters = 0;

	/** A piece holds whole lines. */
	add(piece: string): void {
		this.#pieces.push(piece);
		this.#characters += piece.length;
		while (this.#characters > KEPT_CHARACTERS && this.#pieces.length > 1) this.#characters -= this.#pieces.shift()?.length ?? 0;
	}

	/** The oldest first. */
	last(most: number): readonly string[] {
		return this.#pieces.join('').trimEnd().split('\n').slice(-most);
	}
}
