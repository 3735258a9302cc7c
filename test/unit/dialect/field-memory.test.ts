/** Fields that come again are not parsed again: that must not change what any call says, nor what it is refused for. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCall } from '../../../appliance/dialect/anthropic/decode-call.ts';
import { readBody } from '../../../appliance/dialect/body.ts';
import { FieldMemory } from '../../../appliance/dialect/field-memory.ts';
import { scanObject } from '../../../appliance/dialect/json-scan.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { bytesOf, digest } from './wire.ts';

const NEVER = Number.POSITIVE_INFINITY;
const LONG = 1_100;

const say = (text: string, memory: FieldMemory | undefined, skimFromBytes: number) =>
	decodeCall({ path: '/v1/messages', query: '', headers: {}, body: bytesOf(text) }, digest, { memory, skimFromBytes });

const fieldsOf = (bytes: Uint8Array, memory?: FieldMemory) => {
	const body = readBody(bytes, { memory, skimFromBytes: NEVER });
	return body instanceof Problem ? body.message : body.fields;
};

/** Texts of one length, so that they meet at one place of the memory. */
const letter = fc.constantFrom('a', 'b', '\\n', '\\u00e9', 'é', '\\"');
const description = fc.array(letter, { minLength: LONG, maxLength: LONG }).map((letters) => letters.join(''));
const tools = description.map((text) => `[{"name":"Read","description":"${text}","input_schema":{"type":"object"}}]`);
const system = description.map((text) => `[{"type":"text","text":"${text}"}]`);
const FEW = fc.sample(tools, { numRuns: 3, seed: 7 });
const bodies = fc
	.record({
		tools: fc.oneof(tools, fc.constantFrom(...FEW), fc.constant('[]')),
		again: fc.option(fc.oneof(fc.constantFrom(...FEW), fc.constant('[]')), { nil: undefined }),
		system: fc.oneof(system, fc.constant('"short"'), fc.constant(`[{"type":"text","text":"${'x'.repeat(LONG)}\\q"}]`)),
		text: fc.constantFrom('hello', 'x\\n'.repeat(900)),
		space: fc.constantFrom('', ' ', '\n\t'),
		end: fc.constantFrom('}', '', ']}'),
	})
	.map(({ tools, again, system, text, space, end }) => {
		const fields = [`"model":"m","max_tokens":8`, `"tools":${space}${tools}`, `"messages":[{"role":"user","content":"${text}"}]`];
		if (again !== undefined) fields.push(`"tools":${again}`);
		return `{${[...fields, `"system":${system}`].join(`,${space}`)}${end}`;
	});

describe('a memory of fields', () => {
	it('says of any body what is said without it, whatever it has seen before', () => {
		const memory = new FieldMemory();
		fc.assert(
			fc.property(bodies, fc.constantFrom(0, NEVER), (body, skimFromBytes) => {
				const plain = say(body, undefined, skimFromBytes);
				for (const _ of [1, 2]) {
					const recalled = say(body, memory, skimFromBytes);
					expect(recalled instanceof Problem && recalled.message).toEqual(plain instanceof Problem && plain.message);
					expect(recalled).toEqual(plain);
				}
			}),
			{ numRuns: 200 },
		);
	});

	it('gives the same frozen value to all who bring the same bytes, and parses what differs in one byte', () => {
		const memory = new FieldMemory();
		const text = `{"tools":[{"name":"${'n'.repeat(LONG)}"}],"system":"${'s'.repeat(LONG)}"}`;
		const recall = (one: string) => {
			const bytes = bytesOf(one);
			const scan = scanObject(bytes);
			return scan instanceof Problem ? [] : memory.recall(bytes, scan.fields);
		};
		const [first, second] = [recall(text), recall(text)];
		expect(first.map(({ key }) => key)).toEqual(['tools', 'system']);
		expect(second[0]?.value).toBe(first[0]?.value);
		expect(Object.isFrozen((first[0]?.value as readonly object[] | undefined)?.[0])).toBe(true);
		expect(recall(text.replace('nn', 'no'))[0]?.value).toEqual([{ name: `no${'n'.repeat(LONG - 2)}` }]);
		expect(recall('{"tools":[],"messages":[]}')).toEqual([]);
	});

	it('takes the last of a repeated field, and names the place of a fault as it stands in the whole body', () => {
		const memory = new FieldMemory();
		const long = `[{"name":"${'n'.repeat(LONG)}"}]`;
		expect(fieldsOf(bytesOf(`{"tools":${long},"tools":[]}`), memory)).toEqual({ tools: [] });
		expect(fieldsOf(bytesOf(`{"tools":[],"tools":${long}}`), memory)).toEqual({ tools: JSON.parse(long) });
		const broken = bytesOf(`{"tools":${long},"model":"a\u0001b"}`);
		expect(fieldsOf(broken, memory)).toBe(fieldsOf(broken));
		expect(fieldsOf(broken)).toMatch(/at character 1\d\d\d/);
	});

	it('refuses what is no UTF-8, in what it knows as elsewhere', () => {
		const memory = new FieldMemory();
		const bytes = bytesOf(`{"system":"${'s'.repeat(LONG)}"}`);
		expect(fieldsOf(bytes, memory)).toEqual({ system: 's'.repeat(LONG) });
		bytes[500] = 0xc0;
		expect(fieldsOf(bytes, memory)).toMatch('not valid UTF-8');
	});

	it('forgets the oldest, and stays bounded', () => {
		const memory = new FieldMemory();
		const field = (length: number) => {
			const bytes = bytesOf(JSON.stringify({ system: ['s'.repeat(length)] }));
			const scan = scanObject(bytes);
			return scan instanceof Problem ? undefined : memory.recall(bytes, scan.fields)[0]?.value;
		};
		const oldest = field(200_000);
		expect(field(200_000)).toBe(oldest);
		for (let length = 200_001; length < 200_010; length++) field(length);
		expect(field(200_000)).not.toBe(oldest);
		expect(field(300_000)).toBeUndefined();
	});
});
