/** Holds back text that may turn out to be a stop sequence or a mark, and releases the rest with its probabilities. */

export interface GatePattern<Kind extends string> {
	readonly kind: Kind;
	readonly text: string;
}

export interface Released<Kind extends string> {
	readonly text: string;
	/** One for each token whose last character is in `text`. */
	readonly probabilities: readonly number[];
	/** The first pattern found; `text` is what stood before it. The gate is of no use after a hit. */
	readonly hit: GateHit<Kind> | undefined;
}

export interface GateHit<Kind extends string> extends GatePattern<Kind> {
	/** Of the pattern, in all text pushed so far. */
	readonly offset: number;
	/** What stood behind it. */
	readonly rest: string;
}

interface TokenEnd {
	readonly end: number;
	readonly probability: number;
}

export class TextGate<Kind extends string> {
	readonly #patterns: readonly GatePattern<Kind>[];
	#held = '';
	#heldStart = 0;
	#ends: TokenEnd[] = [];

	constructor(patterns: readonly GatePattern<Kind>[]) {
		this.#patterns = patterns.filter(({ text }) => text !== '');
	}

	/** Adds the text of one token; it may be empty while a character is still incomplete. */
	push(text: string, probability: number): Released<Kind> {
		this.#held += text;
		this.#ends.push({ end: this.#heldStart + this.#held.length, probability });
		const hit = this.#firstHit();
		if (hit !== undefined) {
			const before = this.#release(hit.at);
			return { ...before, hit: { ...hit.pattern, offset: this.#heldStart, rest: this.#held.slice(hit.pattern.text.length) } };
		}
		return { ...this.#release(this.#held.length - this.#openTail()), hit: undefined };
	}

	/** The reply is over: what was held back was no pattern after all. */
	flush(): Released<Kind> {
		return { ...this.#release(this.#held.length), hit: undefined };
	}

	#firstHit(): { readonly pattern: GatePattern<Kind>; readonly at: number } | undefined {
		let first: { readonly pattern: GatePattern<Kind>; readonly at: number } | undefined;
		for (const pattern of this.#patterns) {
			const at = this.#held.indexOf(pattern.text);
			if (at >= 0 && (first === undefined || at < first.at)) first = { pattern, at };
		}
		return first;
	}

	/** Length of the longest end of the held text with which a pattern could begin. */
	#openTail(): number {
		let longest = 0;
		for (const { text } of this.#patterns) {
			for (let length = Math.min(text.length - 1, this.#held.length); length > longest; length -= 1) {
				if (this.#held.endsWith(text.slice(0, length))) longest = length;
			}
		}
		return longest;
	}

	#release(length: number): { readonly text: string; readonly probabilities: readonly number[] } {
		const text = this.#held.slice(0, length);
		this.#held = this.#held.slice(length);
		this.#heldStart += length;
		const probabilities = this.#ends.filter(({ end }) => end <= this.#heldStart).map(({ probability }) => probability);
		this.#ends = this.#ends.filter(({ end }) => end > this.#heldStart);
		return { text, probabilities };
	}
}
