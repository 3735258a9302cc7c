/** Reduces a JSON schema to the few keys that Gemma 4's template reads: it fails on a property without one plain type. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import { isSchema, resolvePointer } from '../grammar/schema-grammar.ts';

/** Deeper parts are declared as plain objects. */
const MAX_DEPTH = 6;

/** A schema that refers to itself in many places would grow with the power of the depth; parts beyond this many are plain objects. */
const MAX_PARTS = 2_000;

interface Whole {
	readonly schema: JsonSchema;
	parts: number;
}

export function plainSchema(schema: JsonSchema): JsonSchema {
	return plain(schema, { schema, parts: 0 }, 0);
}

function plain(schema: JsonValue | undefined, whole: Whole, depth: number): JsonSchema {
	whole.parts += 1;
	const resolved = resolve(schema, whole.schema);
	const type = plainType(resolved);
	const { description } = resolved;
	return {
		type,
		...(typeof description === 'string' ? { description } : {}),
		...(isNullable(resolved) ? { nullable: true } : {}),
		...(type === 'string' && Array.isArray(resolved.enum) ? { enum: resolved.enum.filter((value) => typeof value === 'string') } : {}),
		...(type === 'object' ? objectKeys(resolved, whole, depth) : {}),
		...(type === 'array' && depth < MAX_DEPTH ? { items: plain(resolved.items, whole, depth + 1) } : {}),
	};
}

function objectKeys(schema: JsonSchema, whole: Whole, depth: number): JsonSchema {
	if (depth >= MAX_DEPTH || whole.parts > MAX_PARTS || !isSchema(schema.properties)) return { properties: {} };
	const properties = Object.entries(schema.properties).map(([key, member]) => [key, plain(member, whole, depth + 1)] as const);
	const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
	return { properties: Object.fromEntries(properties), ...(required.length > 0 ? { required } : {}) };
}

/** Follows a reference, and takes the first branch that is not null. */
function resolve(schema: JsonValue | undefined, document: JsonSchema, hops = 0): JsonSchema {
	if (!isSchema(schema) || hops > MAX_DEPTH) return {};
	if (typeof schema.$ref === 'string') {
		const { $ref, ...rest } = schema;
		return { ...resolve(resolvePointer(document, $ref as string), document, hops + 1), ...rest };
	}
	const branches = schema.anyOf ?? schema.oneOf;
	if (!Array.isArray(branches)) return schema;
	const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema;
	const first = branches.find((branch) => isSchema(branch) && branch.type !== 'null');
	const isOptional = branches.some((branch) => isSchema(branch) && branch.type === 'null');
	return { ...resolve(first, document, hops + 1), ...rest, ...(isOptional ? { nullable: true } : {}) };
}

function plainType(schema: JsonSchema): string {
	const types = Array.isArray(schema.type) ? schema.type : [schema.type];
	const named = types.find((type) => typeof type === 'string' && type !== 'null');
	if (typeof named === 'string') return named;
	if (schema.properties !== undefined) return 'object';
	return schema.items === undefined ? 'string' : 'array';
}

function isNullable(schema: JsonSchema): boolean {
	return schema.nullable === true || (Array.isArray(schema.type) && schema.type.includes('null'));
}
