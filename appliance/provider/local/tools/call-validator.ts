/** Judges a tool call against the schema that the caller gave, before it is released. */

import { Ajv } from 'ajv';
import type { JsonSchema, JsonValue, ToolDefinition } from '../../../protocol/conversation.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import type { ReadCall } from './tool-syntax.ts';

/** A group that is repeated, or a reference back, can take exponential time on a short string. */
const COSTLY_PATTERN = /\)(?:[+*]|\{\d*,?\d*\})|\\[1-9k]/;
/** Each repetition without a small bound is one more power of the text's length. */
const REPETITION = /(?<!\\)(?:[+*]|\{\d+,\}|\{\d+,\d{3,}\})/g;
const MAX_REPETITIONS = 2;
const MAX_PATTERN_LENGTH = 256;
/** Compiling takes time with the parts of a schema; no tool of a real client has a tenth of it. */
const MAX_SCHEMA_PARTS = 2_000;

/** @returns what is wrong with the call, or undefined when nothing is. */
export function faultOf(call: ReadCall, tools: readonly ToolDefinition[]): string | undefined {
	const tool = tools.find(({ name }) => name === call.name);
	if (tool === undefined) return `no tool is named ${call.name}`;
	return faultOfValue(call.input, { ...tool.inputSchema, type: 'object' });
}

/** @returns where the value departs from the schema; a schema that ajv refuses, or could not compile soon, judges nothing. */
function faultOfValue(value: JsonValue, schema: JsonSchema): string | undefined {
	if (countParts(schema, MAX_SCHEMA_PARTS) > MAX_SCHEMA_PARTS) return undefined;
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

/** Objects and lists in it, itself among them, counted until there are more than `most`; never by recursion, which depth could exhaust. */
function countParts(schema: JsonValue, most: number): number {
	const open: JsonValue[] = [schema];
	let count = 0;
	for (let part = open.pop(); part !== undefined && count <= most; part = open.pop()) {
		if (typeof part !== 'object' || part === null) continue;
		count += 1;
		for (const member of Object.values(part)) if (typeof member === 'object') open.push(member);
	}
	return count;
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
	if (pattern.length > MAX_PATTERN_LENGTH || COSTLY_PATTERN.test(pattern)) return false;
	return (pattern.match(REPETITION) ?? []).length <= MAX_REPETITIONS;
}
