/** Reads Gemma 4's tool calls back into values. */

import type { JsonValue } from '../../../protocol/conversation.ts';
import type { ReadCall } from './tool-syntax.ts';

/** How the quote token is shown in a call's text: a private character, so that its spelling inside a string ends nothing. */
export const GEMMA_QUOTE = '\u{10FFFD}';

const CLOSE = '<tool_call|>';
const NEXT = '<|tool_call>call:';
const WORD = /[^\s,:[\]{}]+/y;
const NAME = /[^{]+/y;

class Unreadable extends Error {}

/** @returns the calls in the text behind the first `<|tool_call>call:`; undefined when it is not whole. */
export function readGemmaCalls(text: string): readonly ReadCall[] | undefined {
	const reader = new Reader(text);
	const calls: ReadCall[] = [];
	try {
		do {
			const name = reader.match(NAME);
			calls.push({ name, input: reader.value() });
			reader.expect(CLOSE);
		} while (reader.skip(NEXT));
		return reader.isAtEnd ? calls : undefined;
	} catch (error) {
		if (error instanceof Unreadable) return undefined;
		throw error;
	}
}

class Reader {
	readonly #text: string;
	#at = 0;

	constructor(text: string) {
		this.#text = text;
	}

	get isAtEnd(): boolean {
		return this.#text.slice(this.#at).trim() === '';
	}

	skip(expected: string): boolean {
		if (!this.#text.startsWith(expected, this.#at)) return false;
		this.#at += expected.length;
		return true;
	}

	expect(expected: string): void {
		if (!this.skip(expected)) throw new Unreadable();
	}

	match(pattern: RegExp): string {
		pattern.lastIndex = this.#at;
		const found = pattern.exec(this.#text)?.[0];
		if (found === undefined) throw new Unreadable();
		this.#at += found.length;
		return found;
	}

	value(): JsonValue {
		if (this.skip(GEMMA_QUOTE)) return this.#string();
		if (this.skip('{')) return this.#object();
		if (this.skip('[')) return this.#array();
		return wordValue(this.match(WORD));
	}

	#string(): string {
		const end = this.#text.indexOf(GEMMA_QUOTE, this.#at);
		if (end < 0) throw new Unreadable();
		const value = this.#text.slice(this.#at, end);
		this.#at = end + GEMMA_QUOTE.length;
		return value;
	}

	#object(): JsonValue {
		const members: [string, JsonValue][] = [];
		while (!this.skip('}')) {
			if (members.length > 0) this.expect(',');
			const key = this.skip(GEMMA_QUOTE) ? this.#string() : this.match(WORD);
			this.expect(':');
			members.push([key, this.value()]);
		}
		return Object.fromEntries(members);
	}

	#array(): JsonValue {
		const items: JsonValue[] = [];
		while (!this.skip(']')) {
			if (items.length > 0) this.expect(',');
			items.push(this.value());
		}
		return items;
	}
}

function wordValue(word: string): JsonValue {
	if (word === 'true') return true;
	if (word === 'false') return false;
	if (word === 'null' || word === 'None') return null;
	const number = Number(word);
	if (Number.isNaN(number)) throw new Unreadable();
	return number;
}
