/** Values as JSON text, spaced as models are used to write it. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import type { GrammarText } from './grammar-text.ts';
import { literal } from './grammar-text.ts';
import type { StringBounds, ValueStyle } from './value-style.ts';

/** One character of a JSON string: anything but quote, backslash and control characters, or an escape. */
const CHARACTER = '[^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})';

export const jsonStyle: ValueStyle = {
	name: 'json',
	literal: (value) => literal(spaced(value)),
	string(grammar: GrammarText, { minLength, maxLength, characterClass }: StringBounds): string {
		const character = characterClass ?? grammar.once('json-character', 'character', (name) => grammar.define(name, CHARACTER));
		return `"\\"" ${repeat(character, minLength, maxLength)} "\\""`;
	},
	key: (name) => literal(`${JSON.stringify(name)}: `),
	anyKey(grammar: GrammarText): string {
		return `${this.string(grammar, { minLength: 1, maxLength: 64, characterClass: undefined })} ": "`;
	},
	comma: '", "',
	/** What must be there first: a small model then meets the essential arguments before it loses the thread. */
	order: (properties: Readonly<Record<string, JsonSchema>>, required: ReadonlySet<string>) =>
		Object.keys(properties).sort((a, b) => Number(required.has(b)) - Number(required.has(a))),
};

export function repeat(rule: string, min: number, max: number | undefined): string {
	if (max === undefined) return min === 0 ? `${rule}*` : min === 1 ? `${rule}+` : `${rule}{${min},}`;
	return `${rule}{${min},${max}}`;
}

/** JSON with a space after every colon and comma, as the grammar writes objects. */
export function spaced(value: JsonValue): string {
	if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
	if (value !== null && typeof value === 'object') {
		return `{${Object.entries(value)
			.map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member as JsonValue)}`)
			.join(', ')}}`;
	}
	return JSON.stringify(value);
}
