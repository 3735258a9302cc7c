/** How a tool syntax writes values: the schema walker is the same for all of them. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import type { GrammarText } from './grammar-text.ts';

export interface StringBounds {
	readonly minLength: number;
	/** Undefined for no bound worth enforcing here. */
	readonly maxLength: number | undefined;
	/** A GBNF character class for every character, from a simple `pattern`. */
	readonly characterClass: string | undefined;
}

export interface ValueStyle {
	/** Names this style in rule keys. */
	readonly name: string;
	/** GBNF that matches this constant. */
	literal(value: JsonValue): string;
	string(grammar: GrammarText, bounds: StringBounds): string;
	/** GBNF of a property's name with the sign that follows it. */
	key(name: string): string;
	/** GBNF of any property name with the sign that follows it. */
	anyKey(grammar: GrammarText): string;
	/** Between two members or items. */
	readonly comma: string;
	/** The order in which the properties are written. */
	order(properties: Readonly<Record<string, JsonSchema>>, required: ReadonlySet<string>): readonly string[];
}
