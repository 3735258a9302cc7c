/** Values in Gemma 4's own syntax: bare keys, no blanks, strings between two quote tokens. */

import type { JsonValue } from '../../../protocol/conversation.ts';
import { alternatives, type GrammarText, literal } from './grammar-text.ts';
import { repeat } from './json-style.ts';
import type { ValueStyle } from './value-style.ts';

const QUOTE_TEXT = '<|"|>';

/** `quoteToken` is the token `<|"|>`: matched as a token, so that its text inside a string ends nothing. */
export function gemmaStyle(quoteToken: number): ValueStyle {
	const quote = `<[${quoteToken}]>`;
	const constant = (value: JsonValue): string => {
		// The quote token would match its own spelling in a constant: such a one is left to ajv.
		if (typeof value === 'string') return `${quote} ${value.includes(QUOTE_TEXT) ? `!${quote}*` : literal(value)} ${quote}`;
		if (Array.isArray(value)) return `"[" ${value.map(constant).join(' "," ')} "]"`;
		if (value === null || typeof value !== 'object') return literal(JSON.stringify(value));
		const members = Object.entries(value).map(([key, member]) => `${literal(`${key}:`)} ${constant(member as JsonValue)}`);
		return `"{" ${members.join(' "," ')} "}"`;
	};
	return {
		name: 'gemma',
		literal: constant,
		// An unbounded string takes any token but the quote. A bounded one counts characters, and goes without `<`: the quote
		// token's own text would match as characters otherwise.
		string: (_grammar: GrammarText, { minLength, maxLength, characterClass }) => {
			const isFree = characterClass === undefined && maxLength === undefined;
			const content = isFree
				? repeat(`!${quote}`, Math.min(minLength, 1), undefined)
				: repeat(characterClass ?? '[^<]', minLength, maxLength);
			return `${quote} ${content} ${quote}`;
		},
		key: (name) => literal(`${name}:`),
		anyKey: () => '[a-zA-Z_] [a-zA-Z0-9_-]{0,63} ":"',
		comma: '","',
		/** As the template sorts them: the order in which the model was taught to write. */
		order: (properties) => Object.keys(properties).sort((a, b) => compare(a.toLowerCase(), b.toLowerCase())),
	};
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** One rule of several calls: each a name and its arguments. */
export function gemmaCall(names: readonly { readonly name: string; readonly rule: string }[], closeToken: number): string {
	return `${alternatives(names.map(({ name, rule }) => `${literal(name)} ${rule}`))} <[${closeToken}]>`;
}
