/** What came of comparing the box's own answers with the cloud's; no text. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EarnedStore, ShadowRow } from '../protocol/earned.ts';
import type { Clock } from '../protocol/ports.ts';
import { appendBehind } from './append-behind.ts';
import type { Journal } from './journal.ts';

export const EARNED_TABLES = `
	CREATE TABLE shadows (
		number INTEGER PRIMARY KEY AUTOINCREMENT,
		class_name TEXT NOT NULL,
		model TEXT NOT NULL,
		verdict TEXT NOT NULL,
		at_ms INTEGER NOT NULL
	) STRICT;`;

const MOST_SHADOWS = 50_000;

export interface EarnedStatements {
	readonly add: StatementSync;
	readonly trim: StatementSync;
}

export const prepareEarned = (db: DatabaseSync): EarnedStatements => ({
	add: db.prepare('INSERT INTO shadows (class_name, model, verdict, at_ms) VALUES (?, ?, ?, ?)'),
	trim: db.prepare(`DELETE FROM shadows WHERE number <= (SELECT max(number) FROM shadows) - ${MOST_SHADOWS}`),
});

export function writeEarned({ add, trim }: EarnedStatements, { className, model, verdict, atMs }: ShadowRow): void {
	add.run(className, model, verdict, atMs);
	trim.run();
}

export const readShadows = (db: DatabaseSync, limit: number): readonly unknown[] =>
	db
		.prepare('SELECT class_name AS className, model, verdict, at_ms AS atMs FROM shadows ORDER BY number DESC LIMIT ?')
		.all(limit)
		.toReversed();

export const createEarnedStore = (journal: Journal, clock: Clock): EarnedStore => ({
	add: (row) => appendBehind(journal, clock, [{ kind: 'shadow', row }]),
	recent: async (limit) => (await journal.query({ kind: 'shadows', limit })) as readonly ShadowRow[],
});
