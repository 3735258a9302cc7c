/** Reads one table of spending in a thread of its own, so that neither calls nor the ledger's commits wait for it. */

import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SpendExport } from '../protocol/spend-export.ts';
import { type Cell, csvLine, csvUsd } from './csv.ts';
import { SPEND_TABLES } from './spend-tables.ts';

const DAY_MS = 86_400_000;
const BATCH_ROWS = 500;

const { file, request } = workerData as { readonly file: string; readonly request: SpendExport };
if (parentPort === null) throw new Error('export-worker.ts runs as a worker thread');
const port = parentPort;

const batches = readBatches();
/** Each message asks for the next piece of text; undefined is the end. */
port.on('message', () => {
	const { value } = batches.next();
	port.postMessage(value);
	if (value === undefined) port.close();
});

function* readBatches(): Generator<string, undefined> {
	const { by, from, to } = request;
	const { columns, sql } = SPEND_TABLES[by];
	const db = new DatabaseSync(file, { readOnly: true });
	try {
		yield csvLine(columns);
		let lines: string[] = [];
		const rows = db.prepare(sql).iterate(from, to, Date.parse(from), Date.parse(to) + DAY_MS);
		for (const row of rows as IterableIterator<Readonly<Record<string, string | number | null>>>) {
			lines.push(csvLine(columns.map((column) => cellOf(column, row[column] ?? null))));
			if (lines.length < BATCH_ROWS) continue;
			yield lines.join('');
			lines = [];
		}
		if (lines.length > 0) yield lines.join('');
	} finally {
		db.close();
	}
	return undefined;
}

function cellOf(column: string, value: string | number | null): Cell {
	if (value === null) return null;
	// Rendered as text already, and never negative: no formula.
	if (column.endsWith('_usd')) return csvUsd(Number(value));
	if (column === 'at' || column.endsWith('_at')) return new Date(Number(value)).toISOString();
	return column.startsWith('is_') ? value === 1 : value;
}
