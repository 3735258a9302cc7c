/** The database stays bounded. */

import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createChangeWriter } from '../../appliance/store/apply-change.ts';
import type { JournalLine } from '../../appliance/store/journal-messages.ts';
import { migrate } from '../../appliance/store/migrations.ts';
import { createPruner } from '../../appliance/store/prune.ts';

const DAY_MS = 86_400_000;

function lineOf(n: number, atMs: number): JournalLine {
	const settle = {
		kind: 'settle' as const,
		callId: `c${n}`,
		treeId: null,
		memberId: 'm',
		keyId: 'k',
		deployment: 'd',
		reservedNanoUsd: 1,
		costNanoUsd: 1,
		isBound: false,
	};
	return { seq: n + 1, atMs, isSync: false, changes: [settle] };
}

function fill(lines: readonly JournalLine[]): { readonly calls: string[]; readonly settlements: string[] } {
	const db = new DatabaseSync(':memory:');
	migrate(db, 'memory');
	const writer = createChangeWriter(db);
	const pruner = createPruner(db);
	pruner.prune({ callDays: 90, calls: 100, billDays: 90, bills: 200 }, 0);
	for (const line of lines) {
		const { seq, atMs } = line;
		writer.write([line], [{ callId: `c${seq - 1}`, atMs, decision: '{}', outcome: '{}' }]);
		pruner.written(1, atMs);
	}
	const idsOf = (table: string): string[] =>
		db
			.prepare(`SELECT call_id FROM ${table} ORDER BY rowid`)
			.all()
			.map((row) => String(row.call_id));
	return { calls: idsOf('calls'), settlements: idsOf('settlements') };
}

it('keeps the newest calls and settlements by count', () => {
	const { calls, settlements } = fill(Array.from({ length: 2_001 }, (_, n) => lineOf(n, n)));
	expect(calls).toHaveLength(100);
	expect(calls.at(-1)).toBe('c2000');
	expect(settlements).toHaveLength(200);
});

it('keeps none older than a quarter of a year', () => {
	const { calls } = fill(Array.from({ length: 501 }, (_, n) => lineOf(n, n < 450 ? n : 100 * DAY_MS + n)));
	expect(calls).toHaveLength(51);
	expect(calls[0]).toBe('c450');
});
