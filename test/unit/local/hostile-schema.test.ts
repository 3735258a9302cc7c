/** Schemas made to hold the engine up: grammar, prompt and judgement stay small, and come to an end. */

import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { JsonSchema, JsonValue } from '../../../appliance/protocol/conversation.ts';

/** Not a speed: each of them once took minutes, hours or all memory, and takes milliseconds now. */
const PATIENCE_MS = 60_000;
const MEMORY_MB = 256;
/** Longest grammar that one schema may become. */
const MOST_GRAMMAR = 90_000;

interface Walked {
	readonly grammar: number;
	readonly plain: number;
	readonly fault: string | undefined;
}

const SELF = { $ref: '#' };
const within = (levels: number, wrap: (inner: JsonValue) => JsonSchema): JsonSchema => {
	let schema: JsonSchema = { type: 'string' };
	for (let level = 0; level < levels; level += 1) schema = wrap(schema);
	return schema;
};
const list = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const object = (properties: Readonly<Record<string, JsonValue>>): JsonSchema => ({ type: 'object', properties });

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
	'nested deeply': within(1_000, (inner) => object({ a: inner })),
	'with a list of 100,000 constants': object({ a: { enum: list(100_000, (index) => `value ${index}`) } }),
	'that is all of itself, 2,000 times': { ...object({}), allOf: list(2_000, () => SELF) },
	'that is any of itself': { anyOf: list(200, () => SELF) },
	'whose references go round': { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
	'whose every property is itself': object(Object.fromEntries(list(40, (index) => [`p${index}`, SELF]))),
	'with branches in branches, wide': within(11, (inner) => ({ anyOf: [inner, inner, inner] })),
	'with branches in branches, within the limit': within(6, (inner) => ({ anyOf: [inner, inner, inner] })),
	'with 100,000 types': { type: list(100_000, () => 'object') },
};

function walk(schema: JsonSchema, input: Readonly<Record<string, JsonValue>> = {}): Promise<Walked> {
	// As text, as it comes: a deep value cannot be handed over.
	const worker = new Worker(new URL('./hostile-schema-worker.ts', import.meta.url), {
		workerData: JSON.stringify({ schema, input }),
		resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
	});
	return new Promise<Walked>((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`it was not done after ${PATIENCE_MS} ms`)), PATIENCE_MS);
		worker.once('message', resolve);
		worker.once('error', reject);
		worker.once('exit', () => clearTimeout(timer));
	}).finally(() => worker.terminate());
}

it.each(Object.entries(SCHEMAS))('a schema %s', { timeout: 2 * PATIENCE_MS }, async (_, schema) => {
	const { grammar, plain } = await walk(schema);
	expect(grammar).toBeLessThan(MOST_GRAMMAR);
	expect(plain).toBeLessThan(2_000_000);
});

it.each(['^(a|a)*$', '^(a+)+$', '^(a*)*$', '^(?:a|aa){1,400}$', 'a*a*a*a*a*a*a*b', '(a+)\\1+\\1+b', 'a{1,900}a{1,900}a{1,900}b'])(
	'a pattern %s is not tried on what the model wrote',
	{ timeout: 2 * PATIENCE_MS },
	async (pattern) => {
		const { fault } = await walk(object({ a: { type: 'string', pattern } }), { a: `${'a'.repeat(4_000)}!` });
		expect(fault).toBeUndefined();
	},
);

it('a pattern that costs little is held to', async () => {
	const dated = object({ a: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } });
	expect((await walk(dated, { a: 'tomorrow' })).fault).toMatch(/pattern/);
	expect((await walk(dated, { a: '2026-11-24' })).fault).toBeUndefined();
});
