/** Joins the parts of two models to one answer: the second goes on in the first one's open text, and keeps counting its blocks. */

import type { StreamPart, Usage } from '../../protocol/stream.ts';

export interface Begun {
	readonly text: string;
	/** Of the box's own model. */
	readonly tokens: number;
	/** Index of the text block that is still open; undefined where none is. */
	readonly openText: number | undefined;
	readonly nextIndex: number;
}

/** A sentence that ends without a blank would run into the next. */
const ENDS_SENTENCE = /[.!?:;…)\]"”]$/u;
const BEGINS_WORD = /^[\p{L}\p{N}"“(`*]/u;

export class PartJoiner {
	readonly #begun: Begun;
	#openText: number | undefined;
	#nextIndex: number;
	readonly #indices = new Map<number, number>();
	readonly #dropped = new Set<number>();
	/** Opening of the second text, while it may still be a repetition of the first. */
	#echo: string | undefined = '';

	constructor(begun: Begun) {
		this.#begun = begun;
		this.#openText = begun.openText;
		this.#nextIndex = begun.nextIndex;
		if (begun.openText === undefined) this.#echo = undefined;
	}

	take(part: StreamPart): readonly StreamPart[] {
		switch (part.type) {
			case 'start':
				return [];
			case 'error':
				return [part];
			case 'finish':
				return [...this.#flush(), ...this.#closeText(), { ...part, usage: this.#withBegun(part.usage) }];
			case 'thinking-start':
				// The caller has text of this answer already: thoughts come before it or not at all.
				this.#dropped.add(part.index);
				return [];
			case 'text-start':
				return this.#startText(part);
			case 'text-delta':
				return this.#text(part.index, part.text);
			case 'text-end':
				return this.#endText(part.index);
			default:
				return this.#other(part);
		}
	}

	#startText(part: Extract<StreamPart, { type: 'text-start' }>): readonly StreamPart[] {
		if (this.#openText === undefined) return this.#open(part);
		this.#indices.set(part.index, this.#openText);
		return [];
	}

	#other(part: Exclude<StreamPart, { type: 'start' | 'error' | 'finish' }>): readonly StreamPart[] {
		if (this.#dropped.has(part.index)) return [];
		if (part.type === 'tool-call-start') return [...this.#flush(), ...this.#closeText(), ...this.#open(part)];
		return [{ ...part, index: this.#indices.get(part.index) ?? part.index }];
	}

	#open<T extends StreamPart & { readonly index: number }>(part: T): readonly StreamPart[] {
		const index = this.#nextIndex;
		this.#nextIndex += 1;
		this.#indices.set(part.index, index);
		if (part.type === 'text-start') this.#openText = index;
		return [{ ...part, index } as StreamPart];
	}

	#text(from: number, text: string): readonly StreamPart[] {
		const index = this.#indices.get(from) ?? from;
		if (this.#echo === undefined) return [{ type: 'text-delta', index, text }];
		this.#echo += text;
		// A model that is asked to go on may say all of it again.
		if (this.#begun.text.trimStart().startsWith(this.#echo.trimStart())) return [];
		return this.#flush();
	}

	/** Lets out what was no repetition; where it was one, only what goes beyond it. */
	#flush(): readonly StreamPart[] {
		const said = this.#echo;
		this.#echo = undefined;
		if (said === undefined || said === '' || this.#openText === undefined) return [];
		const begun = this.#begun.text.trim();
		const fresh = begun !== '' && said.trimStart().startsWith(begun) ? said.trimStart().slice(begun.length) : said;
		if (fresh === '') return [];
		const isGlued = ENDS_SENTENCE.test(this.#begun.text) && BEGINS_WORD.test(fresh);
		return [{ type: 'text-delta', index: this.#openText, text: isGlued ? ` ${fresh}` : fresh }];
	}

	#endText(from: number): readonly StreamPart[] {
		const index = this.#indices.get(from) ?? from;
		return [...this.#flush(), ...(index === this.#openText ? this.#closeText() : [])];
	}

	#closeText(): readonly StreamPart[] {
		const index = this.#openText;
		this.#openText = undefined;
		return index === undefined ? [] : [{ type: 'text-end', index }];
	}

	/** The caller counts the words that it got, whoever wrote them. */
	#withBegun(usage: Usage): Usage {
		const { outputTokens } = usage;
		return outputTokens === undefined ? usage : { ...usage, outputTokens: outputTokens + this.#begun.tokens };
	}
}
