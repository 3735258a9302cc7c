/** Writes GBNF rules from a JSON schema; what it cannot express it leaves wider, for ajv to judge afterwards. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import { anyValue } from './any-value.ts';
import { alternatives, type GrammarText } from './grammar-text.ts';
import { repeat } from './json-style.ts';
import { objectRule } from './object-rule.ts';
import { integerRule, numberRule, stringBounds } from './scalar-rules.ts';
import type { ValueStyle } from './value-style.ts';

/** Deeper nesting is matched as any value. */
const MAX_DEPTH = 12;
/** Longer lists of constants are matched as any value. */
const MAX_CONSTANTS = 256;
/** Larger counts are not enforced by the grammar. */
const MAX_ITEMS = 64;

export interface SchemaWalk {
	readonly grammar: GrammarText;
	readonly style: ValueStyle;
	/** Where `#/…` references point into. */
	readonly document: JsonSchema;
	/** Tells the references of one document from those of another in the same grammar. */
	readonly scope: string;
	readonly depth: number;
}

/**
 * Adds the rules for a value of this schema and returns the name of the first.
 * @throws GrammarTooLarge when the schema outgrows the limits of one grammar.
 */
export function schemaRule(walk: SchemaWalk, schema: JsonValue | undefined): string {
	if (!isSchema(schema) || walk.depth > MAX_DEPTH) return anyValue(walk.grammar, walk.style);
	if (typeof schema.$ref === 'string') return referenceRule(walk, schema.$ref);
	const constants = constantsOf(schema);
	if (constants !== undefined) {
		return walk.grammar.add('constant', alternatives(constants.map((value) => walk.style.literal(value))));
	}
	const branches = schema.anyOf ?? schema.oneOf;
	if (Array.isArray(branches) && branches.length > 0) return branchRule(walk, schema, branches);
	// Deeper each time: what it is merged from may hold the same list again.
	if (Array.isArray(schema.allOf)) return schemaRule({ ...walk, depth: walk.depth + 1 }, mergeAll(walk, schema));
	const types = typesOf(schema);
	const rules = types.map((type) => typeRule(walk, schema, type));
	return rules.length === 1 ? (rules[0] as string) : walk.grammar.add('types', alternatives(rules), rules);
}

function typeRule(walk: SchemaWalk, schema: JsonSchema, type: string): string {
	const { grammar, style } = walk;
	switch (type) {
		case 'object':
			return objectRule(walk, schema, schemaRule);
		case 'array':
			return arrayRule(walk, schema);
		case 'string':
			return grammar.add('string', style.string(grammar, stringBounds(schema)));
		case 'integer':
			return grammar.add('integer', integerRule(schema));
		case 'number':
			return grammar.add('number', numberRule(schema));
		case 'boolean':
			return grammar.add('boolean', '("true" | "false")');
		case 'null':
			return grammar.add('null', '"null"');
		default:
			return anyValue(grammar, style);
	}
}

function arrayRule(walk: SchemaWalk, schema: JsonSchema): string {
	const { grammar, style } = walk;
	const below = { ...walk, depth: walk.depth + 1 };
	if (Array.isArray(schema.prefixItems) && schema.prefixItems.length <= MAX_ITEMS) {
		const items = schema.prefixItems.map((item: JsonValue) => schemaRule(below, item));
		return grammar.add('tuple', `"[" ${items.join(` ${style.comma} `)} "]"`);
	}
	const item = schemaRule(below, schema.items);
	const min = bounded(schema.minItems) ?? 0;
	const max = bounded(schema.maxItems);
	if (max === 0) return grammar.add('array', '"[]"');
	const more = repeat(`(${style.comma} ${item})`, Math.max(0, min - 1), max === undefined ? undefined : Math.max(max - 1, min - 1));
	const items = `${item} ${more}`;
	return grammar.add('array', min > 0 ? `"[" ${items} "]"` : `"[" (${items})? "]"`);
}

function branchRule(walk: SchemaWalk, schema: JsonSchema, branches: readonly JsonValue[]): string {
	const { anyOf: _anyOf, oneOf: _oneOf, ...shared } = schema;
	const hasShared = shared.properties !== undefined || shared.type !== undefined;
	const rules = branches.map((branch) =>
		schemaRule({ ...walk, depth: walk.depth + 1 }, hasShared && isSchema(branch) ? merge(shared, branch) : branch),
	);
	return walk.grammar.add('either', alternatives(rules), rules);
}

function referenceRule(walk: SchemaWalk, pointer: string): string {
	const target = resolvePointer(walk.document, pointer);
	if (target === undefined) return anyValue(walk.grammar, walk.style);
	return walk.grammar.once(`${walk.style.name} ${walk.scope} ${pointer}`, 'ref', (name) => {
		const rule = schemaRule({ ...walk, depth: walk.depth + 1 }, target);
		walk.grammar.define(name, rule, [rule]);
	});
}

/** The sub-schema that a local reference (`#`, `#/$defs/x`) names; undefined when it names none here. */
export function resolvePointer(document: JsonSchema, pointer: string): JsonValue | undefined {
	if (!pointer.startsWith('#')) return undefined;
	let at: JsonValue | undefined = document;
	for (const step of pointer.slice(1).split('/').filter(Boolean)) {
		const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
		if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
		at = (at as Readonly<Record<string, JsonValue>>)[key];
	}
	return at;
}

function mergeAll(walk: SchemaWalk, schema: JsonSchema): JsonSchema {
	const { allOf, ...rest } = schema;
	return (allOf as readonly JsonValue[]).reduce<JsonSchema>((merged, part) => {
		const resolved = isSchema(part) && typeof part.$ref === 'string' ? resolvePointer(walk.document, part.$ref) : part;
		return isSchema(resolved) ? merge(merged, resolved) : merged;
	}, rest);
}

function merge(a: JsonSchema, b: JsonSchema): JsonSchema {
	const required = [...(Array.isArray(a.required) ? a.required : []), ...(Array.isArray(b.required) ? b.required : [])];
	const properties = { ...(isSchema(a.properties) ? a.properties : {}), ...(isSchema(b.properties) ? b.properties : {}) };
	const hasProperties = Object.keys(properties).length > 0;
	return { ...a, ...b, ...(required.length > 0 ? { required } : {}), ...(hasProperties ? { properties } : {}) };
}

function constantsOf(schema: JsonSchema): readonly JsonValue[] | undefined {
	if (schema.const !== undefined) return [schema.const];
	if (!Array.isArray(schema.enum) || schema.enum.length === 0) return undefined;
	return schema.enum.length <= MAX_CONSTANTS ? schema.enum : undefined;
}

function typesOf(schema: JsonSchema): readonly string[] {
	if (Array.isArray(schema.type) && schema.type.length > 0) return schema.type.map(String);
	if (typeof schema.type === 'string') return [schema.type];
	if (schema.properties !== undefined) return ['object'];
	if (schema.items !== undefined || schema.prefixItems !== undefined) return ['array'];
	return ['any'];
}

function bounded(value: JsonValue | undefined): number | undefined {
	return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ITEMS ? value : undefined;
}

export function isSchema(value: JsonValue | undefined): value is JsonSchema {
	return value !== null && typeof value === 'object' && !Array.isArray(value);
}
