/** A batch written at its end leaves the tables as its lines written one by one would. */

import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LedgerChange } from '../../appliance/router/budget/ledger-records.ts';
import { createChangeWriter } from '../../appliance/store/apply-change.ts';
import type { JournalLine } from '../../appliance/store/journal-messages.ts';
import { migrate } from '../../appliance/store/migrations.ts';

const TABLES = ['trees ORDER BY changed_seq', 'reservations ORDER BY call_id', 'settlements ORDER BY call_id', 'sums', 'meta'];

const name = fc.constantFrom('a', 'b', 'c');
const amount = fc.nat(1_000);

/** Any row may change in any order; only that a call is reserved at most once is the ledger's promise. */
const change: fc.Arbitrary<LedgerChange> = fc.oneof(
	fc.record({
		kind: fc.constant('tree' as const),
		id: name,
		memberId: name,
		treeKey: name,
		sessionId: fc.constant(null),
		isBounded: fc.boolean(),
		ceilingNanoUsd: amount,
		spentNanoUsd: amount,
		exposureNanoUsd: amount,
		isOpen: fc.boolean(),
	}),
	fc.record({ kind: fc.constant('forget-tree' as const), id: name }),
	fc.record({ kind: fc.constant('dispatch' as const), callId: name }),
	fc.record({ kind: fc.constant('release' as const), callId: name }),
	fc.record({
		kind: fc.constant('settle' as const),
		callId: name,
		treeId: name,
		memberId: name,
		keyId: name,
		deployment: name,
		reservedNanoUsd: amount,
		costNanoUsd: amount,
		isBound: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant('sums' as const),
		day: fc.constantFrom('2026-11-23', '2026-11-24'),
		month: fc.constant('2026-11'),
		memberId: name,
		memberDayNanoUsd: amount,
		memberMonthNanoUsd: amount,
		teamDayNanoUsd: amount,
		teamMonthNanoUsd: amount,
	}),
);

const reserve = (callId: string): LedgerChange => ({ kind: 'reserve', callId, treeId: 't', keyId: 'k', nanoUsd: 7, isDispatched: false });

function tablesAfter(batches: readonly (readonly JournalLine[])[]): unknown {
	const db = new DatabaseSync(':memory:');
	migrate(db, 'memory');
	const writer = createChangeWriter(db);
	for (const lines of batches) writer.write(lines, []);
	const rows = TABLES.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
	db.close();
	return rows;
}

it('whatever the changes, and wherever the batch is cut', () => {
	const script = fc.array(change, { maxLength: 30 });
	const places = fc.uniqueArray(fc.nat(29), { minLength: 3, maxLength: 3 });
	fc.assert(
		fc.property(script, places, fc.nat(32), (changes, [a = 0, b = 0, c = 0], cut) => {
			const all = [...changes];
			for (const [at, id] of [
				[a, 'a'],
				[b, 'b'],
				[c, 'c'],
			] as const)
				all.splice(Math.min(at, all.length), 0, reserve(id));
			const lines = all.map((one, index): JournalLine => ({ seq: index + 1, atMs: index, isSync: false, changes: [one] }));
			const oneByOne = tablesAfter(lines.map((line) => [line]));
			expect(tablesAfter([lines.slice(0, cut), lines.slice(cut)])).toEqual(oneByOne);
		}),
		{ numRuns: 300 },
	);
});
