/** The README shows the table of this very run; `npm run conformance` writes it anew. */

import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { tableIn } from './readme.ts';
import { asMarkdown, PAIRS, type Row, runTable } from './table.ts';

let rows: readonly Row[] = [];

beforeAll(async () => {
	rows = await runTable();
}, 300_000);

describe('every caller at every upstream', () => {
	it('is nine pairs', () => {
		expect(PAIRS.length).toBe(9);
		expect(rows.every(({ cells }) => cells.length === 9)).toBe(true);
	});

	it('loses nothing silently', () => {
		const silent = rows.flatMap(({ name, cells }) =>
			cells.flatMap((cell, index) => (isSaid(cell) ? [] : [`${name}, ${pairName(index)}: ${cell}`])),
		);
		expect(silent).toEqual([]);
	});

	it('passes everything between an upstream and a caller of the same dialect', () => {
		const same = rows.flatMap(({ name, cells }) => cells.flatMap((cell, index) => (isSame(index) ? [`${name}: ${cell}`] : [])));
		expect(same.filter((cell) => !cell.endsWith(': passed') && !cell.endsWith(': —'))).toEqual([]);
	});

	it('is told in the README as it ran', async () => {
		expect(tableIn(await readFile(new URL('../../README.md', import.meta.url), 'utf8'))).toBe(asMarkdown(rows));
	});
});

const isSaid = (cell: string) => cell === 'passed' || cell === '—' || /^(?:loss-[a-z-]+(?:, )?)+$/.test(cell) || cell.startsWith('error: ');
const isSame = (index: number) => PAIRS[index]?.caller.name === PAIRS[index]?.upstream.name;
const pairName = (index: number) => `${PAIRS[index]?.caller.name} → ${PAIRS[index]?.upstream.name}`;
