/** The grammars made from schemas, judged by llama.cpp's own matcher and by ajv. */

import { Ajv } from 'ajv';
import fc from 'fast-check';
import { getLlama, LlamaGrammar } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonSchema, JsonValue } from '../../appliance/protocol/conversation.ts';
import { spaced } from '../../appliance/provider/local/grammar/json-style.ts';
import { answerGrammar } from '../../appliance/provider/local/tools/argument-rules.ts';
import { genericSyntax } from '../../appliance/provider/local/tools/generic-syntax.ts';

let llama: Awaited<ReturnType<typeof getLlama>>;

beforeAll(async () => {
	llama = await getLlama({ build: 'never', gpu: false, progressLogs: false });
});

afterAll(async () => {
	await llama.dispose();
});

/** The library's own check of a whole text. */
function matcher(grammar: string): (text: string) => boolean {
	const compiled = new LlamaGrammar(llama, { grammar }) as unknown as { _testText(text: string): boolean };
	return (text) => compiled._testText(text);
}

function matches(schema: JsonSchema, value: JsonValue): boolean {
	return matcher(answerGrammar(schema))(spaced(value));
}

const OBJECT: JsonSchema = {
	type: 'object',
	properties: { a: { type: 'string' }, b: { type: 'integer', minimum: 0 }, c: { type: 'boolean' } },
	required: ['b'],
	additionalProperties: false,
};

const CASES: readonly (readonly [string, JsonSchema, readonly JsonValue[], readonly JsonValue[]])[] = [
	[
		'optional properties stay optional',
		OBJECT,
		[{ b: 1 }, { b: 1, a: 'x' }, { b: 0, c: true }, { b: 2, a: '', c: false }],
		[{}, { a: 'x' }, { b: -1 }, { b: 1, d: 1 }, { b: '1' }],
	],
	[
		'all optional',
		{ type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } } },
		[{}, { a: null }, { b: null }, { a: null, b: null }],
		[{ a: 1 }],
	],
	[
		'named and free properties',
		{ ...OBJECT, additionalProperties: { type: 'integer' } },
		[
			{ b: 1, z: 5 },
			{ b: 1, a: 'q', y: 1, z: 2 },
		],
		[{ b: 1, z: 'no' }],
	],
	['a map', { type: 'object', additionalProperties: { type: 'boolean' } }, [{}, { x: true, y: false }], [{ x: 1 }]],
	['enum and const', { enum: ['a "b"', 'c\nd', 3, null, { k: [1] }] }, ['a "b"', 'c\nd', 3, null, { k: [1] }], ['a', 4, { k: [2] }]],
	['anyOf', { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'integer' } }] }, ['s', [], [1, 2]], [1, ['x']]],
	[
		'oneOf with shared properties',
		{
			type: 'object',
			properties: { k: { type: 'string' } },
			required: ['k'],
			oneOf: [
				{ properties: { n: { type: 'integer' } }, required: ['n'] },
				{ properties: { s: { type: 'string' } }, required: ['s'] },
			],
		},
		[
			{ k: 'x', n: 1 },
			{ k: 'x', s: 'y' },
		],
		[{ k: 'x' }, { n: 1 }],
	],
	[
		'allOf',
		{ allOf: [{ type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }, { properties: { b: { type: 'integer' } } }] },
		[{ a: 1 }, { a: 1, b: 2 }],
		[{ b: 2 }],
	],
	['several types', { type: ['string', 'null'] }, ['x', null], [1]],
	[
		'bounds of an array',
		{ type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 3 },
		[
			[1, 2],
			[1, 2, 3],
		],
		[[], [1], [1, 2, 3, 4]],
	],
	['an empty array only', { type: 'array', maxItems: 0 }, [[]], [[1]]],
	['a tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] }, [['a', 1]], [['a'], [1, 'a']]],
	['bounds of a string', { type: 'string', minLength: 2, maxLength: 3 }, ['ab', 'abc', '\u{1F680}é'], ['a', 'abcd', '']],
	['a simple pattern', { type: 'string', pattern: '^[a-z0-9]{2,4}$' }, ['ab', 'a1b2'], ['a', 'abcde', 'AB']],
	['numbers', { type: 'number' }, [0, -1.5, 1e10, 12.25], ['1', null]],
	['escapes', { type: 'string' }, ['tab\t quote" back\\slash \u0001 line\n'], [1]],
	[
		'a recursive reference',
		{
			$ref: '#/$defs/node',
			$defs: { node: { type: 'object', properties: { v: { type: 'integer' }, next: { $ref: '#/$defs/node' } }, required: ['v'] } },
		},
		[{ v: 1 }, { v: 1, next: { v: 2, next: { v: 3 } } }],
		[{ v: 1, next: {} }],
	],
	['no schema at all', {}, [1, 'x', null, [], { a: [{ b: 'c' }] }], []],
];

describe.each(CASES)('%s', (_name, schema, good, bad) => {
	test('values of the schema match', () => {
		for (const value of good) expect([value, matches(schema, value)]).toEqual([value, true]);
	});
	test('other values do not', () => {
		for (const value of bad) expect([value, matches(schema, value)]).toEqual([value, false]);
	});
});

/** Schemas within what the grammar expresses exactly, each with a generator of its values. */
const exactSchema = fc.letrec<{ schema: JsonSchema }>((tie) => ({
	schema: fc.oneof(
		{ maxDepth: 3 },
		fc.constantFrom<JsonSchema>({ type: 'boolean' }, { type: 'integer' }, { type: 'null' }, { type: 'string' }, { enum: ['x', 'y z', 7] }),
		fc.record({ type: fc.constant('array'), items: tie('schema') }) as fc.Arbitrary<JsonSchema>,
		fc
			.tuple(fc.dictionary(fc.stringMatching(/^[a-zA-Z_"\\ ]{1,6}$/), tie('schema'), { maxKeys: 4 }), fc.infiniteStream(fc.boolean()))
			.map(([properties, flags]) => ({
				type: 'object',
				properties,
				required: Object.keys(properties).filter(() => flags.next().value),
				additionalProperties: false,
			})) as fc.Arbitrary<JsonSchema>,
		fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })) as fc.Arbitrary<JsonSchema>,
	),
})).schema;

function sampleOf(schema: JsonSchema, pick: () => number): JsonValue {
	if (Array.isArray(schema.enum)) return schema.enum[pick() % schema.enum.length] as JsonValue;
	if (Array.isArray(schema.anyOf)) return sampleOf(schema.anyOf[pick() % schema.anyOf.length] as JsonSchema, pick);
	if (schema.type === 'boolean') return pick() % 2 === 0;
	if (schema.type === 'integer') return pick() - 50;
	if (schema.type === 'null') return null;
	if (schema.type === 'string') return ['', 'a', 'ü "q"', '\\n\n'][pick() % 4] ?? '';
	if (schema.type === 'array') return Array.from({ length: pick() % 3 }, () => sampleOf(schema.items as JsonSchema, pick));
	const required = new Set(schema.required as readonly string[]);
	const entries = Object.entries(schema.properties as Readonly<Record<string, JsonSchema>>);
	// The grammar writes required properties first.
	const ordered = entries.toSorted(([a], [b]) => Number(required.has(b)) - Number(required.has(a)));
	return Object.fromEntries(
		ordered.filter(([key]) => required.has(key) || pick() % 2 === 0).map(([key, member]) => [key, sampleOf(member, pick)]),
	);
}

test('any value of any schema matches its grammar', () => {
	fc.assert(
		fc.property(exactSchema, fc.infiniteStream(fc.nat(99)), (schema, numbers) => {
			const value = sampleOf(schema, () => numbers.next().value as number);
			expect(new Ajv({ strict: false }).validate(schema, value)).toBe(true);
			expect(matches(schema, value)).toBe(true);
		}),
		{ numRuns: 200 },
	);
});

const HOSTILE: readonly (readonly [string, JsonSchema])[] = [
	['a reference to itself', { $ref: '#' }],
	[
		'branches that are themselves',
		{ $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] }, b: { anyOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' },
	],
	['a reference to nothing', { $ref: '#/$defs/none' }],
	['a broken reference', { $ref: '#/%E0%A4%A' }],
	[
		'a thousand levels',
		Array.from({ length: 1_000 }).reduce<JsonSchema>((inner) => ({ type: 'object', properties: { a: inner } }), { type: 'string' }),
	],
	[
		'ten thousand properties',
		{ type: 'object', properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, { type: 'string' }])) },
	],
	['branches of branches', Array.from({ length: 8 }).reduce<JsonSchema>((inner) => ({ anyOf: [inner, inner, inner] }), { type: 'string' })],
	['a huge enum', { enum: Array.from({ length: 100_000 }, (_, index) => `v${index}`) }],
	['absurd bounds', { type: 'array', items: { type: 'string', minLength: 1e9, maxLength: 2e9 }, minItems: 1e9 }],
	['odd types', { type: 'object', properties: { a: 5, b: null, c: [1] } as unknown as JsonSchema, required: [1, 2] }],
	[
		'prototype names',
		{ type: 'object', properties: JSON.parse('{"__proto__": {"type": "string"}, "constructor": {"type": "string"}}') as JsonSchema },
	],
];

test.each(HOSTILE)('a hostile schema gives a small grammar that the matcher takes: %s', (_name, schema) => {
	const grammar = answerGrammar(schema);
	expect(grammar.length).toBeLessThan(100_000);
	expect(() => matcher(grammar)('{}')).not.toThrow();
	const call = genericSyntax.grammar([{ name: 'x', description: '', inputSchema: schema }], true, () => undefined);
	expect(() => matcher(call)(' "x", "arguments": {}}\n</tool_call>')).not.toThrow();
});
