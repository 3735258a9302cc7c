/** Judges a tool call against the schema that the caller gave, before it is released. */

import { Ajv } from 'ajv';
import type { JsonSchema, JsonValue, ToolDefinition } from '../../../protocol/conversation.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import type { ReadCall } from './tool-syntax.ts';

/** Patterns with a repeated group that repeats inside can take exponential time on a short string. */
const NESTED_REPETITION = /[+*}]\??\)[+*{]/;
const MAX_PATTERN_LENGTH = 256;

/** @returns what is wrong with the call, or undefined when nothing is. */
export function faultOf(call: ReadCall, tools: readonly ToolDefinition[]): string | undefined {
	const tool = tools.find(({ name }) => name === call.name);
	if (tool === undefined) return `no tool is named ${call.name}`;
	return faultOfValue(call.input, { ...tool.inputSchema, type: 'object' });
}

/** @returns where the value departs from the schema; a schema that ajv refuses judges nothing. */
function faultOfValue(value: JsonValue, schema: JsonSchema): string | undefined {
	// A validator of its own: ids and definitions of one caller's schema must not meet another's.
	const ajv = new Ajv({ strict: false, validateFormats: false, logger: false, addUsedSchema: false, validateSchema: false });
	let validate: ReturnType<typeof ajv.compile>;
	try {
		validate = ajv.compile(withoutCostlyPatterns(schema) as JsonSchema);
	} catch {
		return undefined;
	}
	return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'arguments' });
}

function withoutCostlyPatterns(value: JsonValue): JsonValue {
	if (Array.isArray(value)) return value.map(withoutCostlyPatterns);
	if (!isSchema(value)) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([key, member]) => key !== 'pattern' || typeof member !== 'string' || isCheapPattern(member))
			.map(([key, member]) => [key, withoutCostlyPatterns(member)]),
	);
}

function isCheapPattern(pattern: string): boolean {
	return pattern.length <= MAX_PATTERN_LENGTH && !NESTED_REPETITION.test(pattern);
}
