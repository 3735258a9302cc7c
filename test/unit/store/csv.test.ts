import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, csvUsd } from '../../../appliance/store/csv.ts';

/** Reads one record by RFC 4180, strictly. */
function readRecord(text: string): string[] {
	const cells: string[] = [];
	let at = 0;
	for (;;) {
		const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at));
		const plain = /^[^",\r\n]*/.exec(text.slice(at))?.[0] ?? '';
		cells.push(quoted === null ? plain : (quoted[1] ?? '').replaceAll('""', '"'));
		at += quoted === null ? plain.length : quoted[0].length;
		if (text.slice(at) === '\r\n') return cells;
		if (text[at] !== ',') throw new Error(`at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
		at += 1;
	}
}

describe('a record', () => {
	it('is read back as it was, but for the apostrophe before what could be a formula', () => {
		const odd = fc.constantFrom('"', ',', '\r', '\n', '\t', ' ', '=', '+', '-', '@', "'", 'a', 'é', '\u{1F600}', '\uff1d');
		fc.assert(
			fc.property(fc.array(fc.string({ unit: odd, maxLength: 8 }), { minLength: 1, maxLength: 5 }), (cells) => {
				const read = readRecord(csvLine(cells));
				expect(read).toHaveLength(cells.length);
				for (const [index, cell] of cells.entries()) expect([cell, `'${cell}`]).toContain(read[index]);
			}),
		);
	});

	it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r\n=1', '\u00a0=1', '＝1', '\tx', '-'])(
		'never begins with a formula: %j',
		(text) => {
			expect(readRecord(csvLine([text]))[0]).toBe(`'${text}`);
		},
	);

	it.each(['k_1/session/x', '2026-11-23', 'claude-opus-4-8', "it's", 'a=b', ''])('leaves %j as it is', (text) => {
		expect(csvLine([text])).toBe(`${text}\r\n`);
	});

	it('has numbers, truths and nothing', () => {
		expect(csvLine([1, -2.5, true, null, 'x'])).toBe('1,-2.5,true,,x\r\n');
	});
});

it.each([
	[0, '0.000000000'],
	[1, '0.000000001'],
	[1_500_000_000, '1.500000000'],
	[999_999_999_999_999, '999999.999999999'],
])('%i nano-USD are %s', (nanoUsd, text) => {
	expect(csvUsd(nanoUsd)).toBe(text);
});
