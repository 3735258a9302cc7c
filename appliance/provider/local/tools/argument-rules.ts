/** The grammar rules of several tools' arguments in one grammar. */

import type { JsonSchema, ToolDefinition } from '../../../protocol/conversation.ts';
import { anyObject, anyValue } from '../grammar/any-value.ts';
import { GrammarText, GrammarTooLarge, ROOT } from '../grammar/grammar-text.ts';
import { jsonStyle } from '../grammar/json-style.ts';
import { schemaRule } from '../grammar/schema-grammar.ts';
import type { ValueStyle } from '../grammar/value-style.ts';

/** Calls after the first in one reply. */
export const MAX_REPEATED_CALLS = 7;

export interface ArgumentRule {
	readonly tool: ToolDefinition;
	readonly rule: string;
}

/** Adds a rule for each tool's arguments; a schema that is too large or endless becomes any object, and ajv judges the result. */
export function argumentRules(grammar: GrammarText, style: ValueStyle, tools: readonly ToolDefinition[]): readonly ArgumentRule[] {
	return tools.map((tool, index) => ({ tool, rule: argumentRule(grammar, style, tool, index) }));
}

function argumentRule(grammar: GrammarText, style: ValueStyle, tool: ToolDefinition, index: number): string {
	const schema = { ...tool.inputSchema, type: 'object' };
	if (!isExpressible(style, schema)) return anyObject(grammar, style);
	return schemaRule({ grammar, style, document: schema, scope: `${index}`, depth: 0 }, schema);
}

/** A trial in a grammar of its own, so that a hostile schema leaves nothing behind in the real one. */
function isExpressible(style: ValueStyle, schema: JsonSchema): boolean {
	const trial = new GrammarText({ isLimited: true });
	try {
		schemaRule({ grammar: trial, style, document: schema, scope: 'trial', depth: 0 }, schema);
		return !trial.isLeftRecursive;
	} catch (error) {
		if (error instanceof GrammarTooLarge || error instanceof RangeError || error instanceof URIError) return false;
		throw error;
	}
}

/** A grammar for an answer that must be a JSON value of this schema. */
export function answerGrammar(schema: JsonSchema): string {
	const grammar = new GrammarText({ isLimited: false });
	const rule = isExpressible(jsonStyle, schema)
		? schemaRule({ grammar, style: jsonStyle, document: schema, scope: 'answer', depth: 0 }, schema)
		: anyValue(grammar, jsonStyle);
	grammar.define(ROOT, rule);
	return grammar.toString();
}
