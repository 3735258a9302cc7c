/** Cuts an answer's text into the steps by which it is released: a sentence, a line, never a long run without an end. */

export interface TextStep {
	/** Ends on no blank: what follows brings its own. */
	readonly text: string;
	/** Of its tokens. */
	readonly probabilities: readonly number[];
}

/** A step of fewer tokens says too little of itself and goes along with the next, unless its line ends. */
const LEAST_TOKENS = 3;
/** Text without any end is cut at a blank, so that nobody waits for it. */
const LONGEST_STEP = 240;
/** A sentence ends before the blank behind its mark; in scripts without blanks at the mark. A line ends before its break. */
const BORDER = /[.!?…][)\]"'’”»]*(?=\s)|[。！？]|\S(?=[^\S\n]*\n)/gu;

export class StepCutter {
	#text = '';
	#tokens: { readonly end: number; readonly probability: number }[] = [];

	/** @returns the steps that this piece completes */
	push(text: string, probabilities: readonly number[]): readonly TextStep[] {
		this.#text += text;
		this.#tokens.push(...probabilities.map((probability) => ({ end: this.#text.length, probability })));
		const steps: TextStep[] = [];
		for (let end = this.#border(); end > 0; end = this.#border()) steps.push(this.#take(end));
		return steps;
	}

	/** What is left when no more text comes; undefined when that is nothing. Blanks at its end stay with it. */
	flush(): TextStep | undefined {
		return this.#text === '' ? undefined : this.#take(this.#text.length);
	}

	/** Length of what is held back now. */
	get heldLength(): number {
		return this.#text.length;
	}

	#border(): number {
		for (const found of this.#text.matchAll(BORDER)) {
			const end = found.index + found[0].length;
			const isLine = /^[^\S\n]*\n/.test(this.#text.slice(end));
			const tokens = this.#tokens.filter((token) => token.end <= end).length;
			if (isLine || tokens >= LEAST_TOKENS || this.#tokens.length === 0) return end;
		}
		if (this.#text.length <= LONGEST_STEP) return 0;
		const blank = this.#text.search(/\s\S*$/);
		return blank > 0 ? this.#text.slice(0, blank).trimEnd().length || blank : this.#text.length;
	}

	/** A token that reaches beyond the cut counts for what follows, unless nothing else does for this step. */
	#take(end: number): TextStep {
		const text = this.#text.slice(0, end);
		const inside = this.#tokens.filter((token) => token.end <= end);
		const taken = inside.length === 0 ? this.#tokens.slice(0, 1) : inside;
		this.#text = this.#text.slice(end);
		this.#tokens = this.#tokens.slice(taken.length).map((token) => ({ ...token, end: token.end - end }));
		return { text, probabilities: taken.map(({ probability }) => probability) };
	}
}
