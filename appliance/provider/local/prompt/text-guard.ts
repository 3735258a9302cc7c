/** Keeps a caller's text from becoming control tokens: only what the chat template itself writes may be one. */

import type { JsonValue } from '../../../protocol/conversation.ts';

/**
 * Puts a mark inside every control token's text that a caller's string holds. The template is rendered with the marks
 * in place; the tokenizer then reads the text piece by piece between the marks, so that no piece holds a control token
 * that the template did not write. Text without such strings is not touched at all.
 */
export class TextGuard {
	readonly #controlTexts: readonly string[];
	readonly #mark: string;
	readonly #pattern: RegExp | undefined;

	/** `mark` must not occur in any caller's text: a random string, fresh for every prompt. */
	constructor(controlTexts: readonly string[], mark: string) {
		this.#controlTexts = controlTexts.filter((text) => text.length > 1).sort((a, b) => b.length - a.length);
		this.#mark = mark;
		this.#pattern =
			this.#controlTexts.length === 0 ? undefined : new RegExp(this.#controlTexts.map((text) => escapePattern(text)).join('|'), 'g');
	}

	guard(text: string): string {
		if (this.#pattern === undefined) return text;
		const broken = text.replaceAll(this.#mark, '').replace(this.#pattern, (found) => `${found.slice(0, 1)}${this.#mark}${found.slice(1)}`);
		return this.#closeSeam(broken);
	}

	/** A string that ends in the first part of a control token could be completed by what the template writes next. */
	#closeSeam(text: string): string {
		const trimmed = text.trimEnd();
		const isOpen = this.#controlTexts.some((control) => {
			for (let length = Math.min(control.length - 1, trimmed.length); length > 0; length -= 1) {
				if (trimmed.endsWith(control.slice(0, length))) return true;
			}
			return false;
		});
		return isOpen ? `${trimmed}${this.#mark}${text.slice(trimmed.length)}` : text;
	}

	/** Guards every string of a value, the keys of objects included. */
	guardAll(value: JsonValue): JsonValue {
		if (typeof value === 'string') return this.guard(value);
		if (Array.isArray(value)) return value.map((item) => this.guardAll(item));
		if (value === null || typeof value !== 'object') return value;
		return Object.fromEntries(Object.entries(value).map(([key, member]) => [this.guard(key), this.guardAll(member as JsonValue)]));
	}

	/** The rendered text in the pieces that are to be tokenized one by one. */
	split(rendered: string): readonly string[] {
		return rendered.split(this.#mark);
	}
}

function escapePattern(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
