/** Rules for values without a schema. */

import { type GrammarText, literal } from './grammar-text.ts';
import { NUMBER } from './scalar-rules.ts';
import type { ValueStyle } from './value-style.ts';

const FREE_STRING = { minLength: 0, maxLength: undefined, characterClass: undefined } as const;

export function anyValue(grammar: GrammarText, style: ValueStyle): string {
	return grammar.once(`${style.name} any value`, 'value', (name) => {
		const object = anyObject(grammar, style);
		const array = grammar.add('items', `"[" (${name} (${style.comma} ${name})*)? "]"`);
		const string = grammar.add('text', style.string(grammar, FREE_STRING));
		const words = ['true', 'false', 'null'].map(literal).join(' | ');
		grammar.define(name, `${object} | ${array} | ${string} | ${NUMBER} | ${words}`, [object, array, string]);
	});
}

export function anyObject(grammar: GrammarText, style: ValueStyle): string {
	return grammar.once(`${style.name} any object`, 'object', (name) => {
		const value = anyValue(grammar, style);
		const member = grammar.add('member', `${style.anyKey(grammar)} ${value}`);
		grammar.define(name, `"{" (${member} (${style.comma} ${member})*)? "}"`);
	});
}
