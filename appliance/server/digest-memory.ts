/** Remembers the digests of texts that come again and again. */

/** Shorter texts are digested at once, longer ones are too much to keep. */
const LEAST_CHARACTERS = 32;
const MOST_CHARACTERS = 262_144;
/** Kept at most, all texts together. */
const KEPT_CHARACTERS = 2_097_152;

interface Known {
	readonly text: string;
	readonly digest: string;
}

export class DigestMemory {
	/** By length: of two texts of one length the later one is known. */
	readonly #known = new Map<number, Known>();
	readonly #digestOf: (text: string) => string;
	#characters = 0;

	constructor(digestOf: (text: string) => string) {
		this.#digestOf = digestOf;
	}

	readonly digest = (text: string): string => {
		const { length } = text;
		const known = this.#known.get(length);
		if (known?.text === text) return known.digest;
		const digest = this.#digestOf(text);
		if (length >= LEAST_CHARACTERS && length <= MOST_CHARACTERS) this.#keep({ text, digest });
		return digest;
	};

	#keep(known: Known): void {
		const { length } = known.text;
		if (this.#known.delete(length)) this.#characters -= length;
		this.#known.set(length, known);
		this.#characters += length;
		for (const oldest of this.#known.keys()) {
			if (this.#characters <= KEPT_CHARACTERS) return;
			this.#known.delete(oldest);
			this.#characters -= oldest;
		}
	}
}
