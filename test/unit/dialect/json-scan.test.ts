import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../appliance/dialect/body.ts';
import { FIELD_LIMIT, NESTING_LIMIT, scanObject } from '../../../appliance/dialect/json-scan.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { bytesOf, problemOf, textOf } from './wire.ts';

function fieldsOf(text: string) {
	const bytes = bytesOf(text);
	const scan = scanObject(bytes);
	if (scan instanceof Problem) throw scan;
	return scan.fields.map(({ key, start, end }) => [key, textOf(bytes.subarray(start, end))]);
}

/** Writes a value with white space and escapes that JSON.stringify would not use. */
function writeOddly(value: unknown, space: string): string {
	if (Array.isArray(value)) return `[${space}${value.map((entry) => writeOddly(entry, space)).join(`${space},${space}`)}${space}]`;
	if (typeof value === 'object' && value !== null) {
		const entries = Object.entries(value).map(([key, entry]) => `${escapeAll(key)}${space}:${space}${writeOddly(entry, space)}`);
		return `{${space}${entries.join(`${space},${space}`)}${space}}`;
	}
	return typeof value === 'string' ? escapeAll(value) : JSON.stringify(value);
}

function escapeAll(text: string): string {
	const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
	return `"${units.map((unit, index) => (index % 2 === 0 ? `\\u${unit.toString(16).padStart(4, '0')}` : JSON.stringify(text[index]).slice(1, -1))).join('')}"`;
}

describe('scanObject', () => {
	it('finds every top-level value as it was written, duplicates and escaped names included', () => {
		expect(
			fieldsOf(
				'\n{ "model" : "a" ,"n":1.0, "mod\\u0065l":\t"b\\"}", "big":1152921504606846976,"e":-1e400 , "o":{"model":"x"},"a":[1,[2]],"t":true}\n',
			),
		).toEqual([
			['model', '"a"'],
			['n', '1.0'],
			['model', '"b\\"}"'],
			['big', '1152921504606846976'],
			['e', '-1e400'],
			['o', '{"model":"x"}'],
			['a', '[1,[2]]'],
			['t', 'true'],
		]);
	});

	it('agrees with JSON.parse on any object, however it is written', () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom('', ' ', '\r\n\t '), (value, space) => {
				const plain: unknown = JSON.parse(JSON.stringify(value));
				for (const text of [JSON.stringify(value), writeOddly(plain, space)]) {
					const found = fieldsOf(text).map(([key, json]) => [key, JSON.parse(json ?? '')]);
					expect(found).toEqual(Object.entries(plain as object));
				}
			}),
		);
	});

	it('passes over long strings that are full of quotes and backslashes', () => {
		const text = '\\"'.repeat(500) + '\\\\'.repeat(501) + 'x'.repeat(100);
		expect(fieldsOf(`{"a":"${text}","b":2}`)).toEqual([
			['a', `"${text}"`],
			['b', '2'],
		]);
	});

	it('stops a depth bomb with a clear Problem, and takes what is nested to the limit', () => {
		const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
		expect(fieldsOf(nested(NESTING_LIMIT - 1))).toHaveLength(1);
		const problem = problemOf(scanObject(bytesOf(`{"a":${'['.repeat(1_000_000)}`)));
		expect(problem.code).toBe('invalid-call');
		expect(problem.message).toContain(`nested deeper than ${NESTING_LIMIT}`);
	});
});

describe('a flood of fields', () => {
	it('stops at the limit', () => {
		const fields = (count: number) => `{${Array.from({ length: count }, () => '"n":1').join(',')}}`;
		expect(fieldsOf(fields(FIELD_LIMIT))).toHaveLength(FIELD_LIMIT);
		expect(problemOf(scanObject(bytesOf(fields(1_000_000)))).message).toContain(`more than ${FIELD_LIMIT} fields`);
	});
});

describe('readBody', () => {
	it('takes a byte order mark, and counts it in the offsets', () => {
		const bytes = bytesOf('\uFEFF{"a":1}');
		const body = readBody(bytes);
		expect(body).toMatchObject({ fields: { a: 1 }, scan: { insertAt: 4 } });
	});

	it.each([
		['', 'empty'],
		['[]', 'JSON object is expected'],
		['"text"', 'JSON object is expected'],
		['null', 'JSON object is expected'],
		['{"a":1', 'comma or the closing brace'],
		['{"a":1}}', 'not valid JSON'],
		['{"a":tru}', 'not valid JSON'],
		['{"a":[1,]}', 'not valid JSON'],
		['{"a" 1}', 'colon'],
		['{a:1}', 'field name'],
		['{"a":"x}', 'never ends'],
		['{"a":01}', 'not valid JSON'],
		['{"a":"\n"}', 'not valid JSON'],
	])('refuses %j in words', (text, words) => {
		const problem = problemOf(readBody(bytesOf(text)));
		expect(problem.code).toBe('invalid-call');
		expect(problem.message).toContain(words);
	});

	it('refuses bytes that are not UTF-8', () => {
		expect(problemOf(readBody(new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]))).message).toContain('UTF-8');
	});

	it('never quotes the prompt in its message', () => {
		expect(problemOf(readBody(bytesOf('{"messages":"a secret plan" oops}'))).message).not.toContain('secret');
	});

	it('accepts exactly what JSON.parse accepts as an object', () => {
		const mutation = fc.record({
			at: fc.nat(),
			text: fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', ' ', 'e', '\u0000'),
		});
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(mutation, { maxLength: 3 }), (value, mutations) => {
				let text = JSON.stringify(value);
				for (const { at, text: put } of mutations) text = text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1);
				expect(readBody(bytesOf(text)) instanceof Problem).toBe(!isObjectText(text));
			}),
			{ numRuns: 1_500 },
		);
	});
});

function isObjectText(text: string): boolean {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value);
	} catch {
		return false;
	}
}
