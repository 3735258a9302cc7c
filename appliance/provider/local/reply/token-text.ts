/** Turns tokens into text one by one without ever cutting a character in two. */

/** What is needed of a model. */
export interface Detokenizer<Token extends number> {
	detokenize(tokens: readonly Token[], specialTokens: boolean, lastTokens: readonly Token[]): string;
}

/** A character has four bytes at most, each of which may be a token of its own; longer waits mean bytes that are no text. */
const MAX_HELD_TOKENS = 8;

/** Enough for the tokenizer to know whether a blank belongs in front. */
const CONTEXT_TOKENS = 4;

const REPLACEMENT = '\uFFFD';

export class TokenText<Token extends number> {
	readonly #model: Detokenizer<Token>;
	readonly #shown: ReadonlyMap<Token, string>;
	#held: Token[] = [];
	#last: Token[] = [];

	/** Tokens in `shown` appear as the text given there; other control tokens have none. */
	constructor(model: Detokenizer<Token>, shown: ReadonlyMap<Token, string>) {
		this.#model = model;
		this.#shown = shown;
	}

	/** The text that this token completes; empty while a character is still incomplete. */
	push(token: Token): string {
		const shown = this.#shown.get(token);
		if (shown !== undefined) return this.flush() + this.#remember([token], shown);
		this.#held.push(token);
		const text = this.#model.detokenize(this.#held, false, this.#last);
		if (text.endsWith(REPLACEMENT) && this.#held.length < MAX_HELD_TOKENS) return '';
		return this.#remember(this.#held, text);
	}

	/** What is left when nothing follows: an incomplete character shows as U+FFFD. */
	flush(): string {
		if (this.#held.length === 0) return '';
		return this.#remember(this.#held, this.#model.detokenize(this.#held, false, this.#last));
	}

	#remember(tokens: readonly Token[], text: string): string {
		this.#last = [...this.#last, ...tokens].slice(-CONTEXT_TOKENS);
		this.#held = [];
		return text;
	}
}
