/** The rule of an object: required properties present, optional ones free, all in one order. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import { anyObject, anyValue } from './any-value.ts';
import type { SchemaWalk } from './schema-grammar.ts';

/** More properties than this are matched as a free object. */
const MAX_PROPERTIES = 128;

type WriteRule = (walk: SchemaWalk, schema: JsonValue | undefined) => string;

export function objectRule(walk: SchemaWalk, schema: JsonSchema, writeRule: WriteRule): string {
	const { grammar, style } = walk;
	const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
	const names = Object.keys(properties);
	const mayHaveMore = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
	if (names.length > MAX_PROPERTIES) return anyObject(grammar, style);
	if (names.length === 0) return emptyObjectRule(walk, schema, writeRule);
	const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
	const below = { ...walk, depth: walk.depth + 1 };
	const members = style.order(properties, required).map((name) => ({
		rule: grammar.add('member', `${style.key(name)} ${writeRule(below, properties[name])}`),
		isRequired: required.has(name),
	}));
	const extra = mayHaveMore ? extraMember(below, schema, writeRule) : undefined;
	return grammar.add('object', `"{" ${memberChain(walk, members, extra)} "}"`);
}

/** No named property: what the schema says of others decides. */
function emptyObjectRule(walk: SchemaWalk, schema: JsonSchema, writeRule: WriteRule): string {
	const { grammar, style } = walk;
	if (schema.additionalProperties === false || schema.properties !== undefined) {
		if (schema.additionalProperties === undefined || schema.additionalProperties === false) return grammar.add('empty', '"{}"');
	}
	if (schema.additionalProperties === undefined || schema.additionalProperties === true) return anyObject(grammar, style);
	const member = extraMember({ ...walk, depth: walk.depth + 1 }, schema, writeRule);
	return grammar.add('map', `"{" (${member} (${style.comma} ${member})*)? "}"`);
}

function extraMember(walk: SchemaWalk, schema: JsonSchema, writeRule: WriteRule): string {
	const { grammar, style } = walk;
	const value = schema.additionalProperties === true ? anyValue(grammar, style) : writeRule(walk, schema.additionalProperties);
	return grammar.add('extra', `${style.anyKey(grammar)} ${value}`);
}

interface Member {
	readonly rule: string;
	readonly isRequired: boolean;
}

/**
 * Two rules a property, from the last to the first: `first` while nothing is written yet, `next` once something is
 * (a comma must come before). So any subset with all required members is matched, in linear size.
 */
function memberChain({ grammar, style }: SchemaWalk, members: readonly Member[], extra: string | undefined): string {
	let next = grammar.add('end', extra === undefined ? '""' : `(${style.comma} ${extra})*`);
	let first = grammar.add('end', extra === undefined ? '""' : `(${extra} ${next})?`);
	for (const { rule, isRequired } of members.toReversed()) {
		const written = `${rule} ${next}`;
		const firstBody = isRequired ? written : `${written} | ${first}`;
		const nextBody = isRequired ? `${style.comma} ${written}` : `(${style.comma} ${rule})? ${next}`;
		first = grammar.add('first', firstBody, [first]);
		next = grammar.add('next', nextBody);
	}
	return first;
}
