/** What the context diet decided, and the originals of what it trimmed. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DietStore, DietSums, FalseTrim, TrimRow, TrimRule } from '../protocol/diet.ts';
import type { Clock } from '../protocol/ports.ts';
import { appendBehind } from './append-behind.ts';
import type { Journal } from './journal.ts';

export const DIET_TABLES = `
	CREATE TABLE trims (
		number INTEGER PRIMARY KEY AUTOINCREMENT,
		key TEXT NOT NULL UNIQUE,
		member_id TEXT NOT NULL,
		mode TEXT NOT NULL,
		text TEXT,
		same_as TEXT,
		id TEXT UNIQUE,
		original TEXT,
		rules TEXT NOT NULL,
		saved_tokens INTEGER NOT NULL,
		gain_nano_usd INTEGER NOT NULL,
		false_by TEXT,
		at_ms INTEGER NOT NULL
	) STRICT;
	CREATE INDEX trims_by_time ON trims (at_ms);`;

/** Rows that are kept at most, whatever the retention of calls says: originals are large. */
export const MOST_TRIMS = 50_000;

export type DietChange =
	| { readonly kind: 'trim'; readonly row: TrimRow }
	| { readonly kind: 'false'; readonly key: string; readonly why: FalseTrim };

export type DietQuery =
	| { readonly kind: 'trims'; readonly keys: readonly string[] }
	| { readonly kind: 'original'; readonly id: string }
	| { readonly kind: 'diet-sums'; readonly sinceMs: number; readonly member: string | undefined };

export interface DietStatements {
	readonly add: StatementSync;
	readonly noteFalse: StatementSync;
}

export const prepareDiet = (db: DatabaseSync): DietStatements => ({
	add: db.prepare(
		`INSERT OR IGNORE INTO trims (key, member_id, mode, text, same_as, id, original, rules, saved_tokens, gain_nano_usd, at_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	),
	noteFalse: db.prepare('UPDATE trims SET false_by = ? WHERE key = ? AND false_by IS NULL'),
});

export function writeDiet(run: DietStatements, change: DietChange): void {
	if (change.kind === 'false') {
		run.noteFalse.run(change.why, change.key);
		return;
	}
	const { key, memberId, mode, text, sameAs, id, original, rules, savedTokens, gainNanoUsd, atMs } = change.row;
	run.add.run(key, memberId, mode, text, sameAs, id, original, rules.join(' '), savedTokens, gainNanoUsd, atMs);
}

export function readDiet(db: DatabaseSync, query: DietQuery): readonly unknown[] {
	switch (query.kind) {
		case 'trims':
			return db
				.prepare(
					`SELECT key, member_id AS memberId, mode, text, same_as AS sameAs, id, NULL AS original, rules, saved_tokens AS savedTokens,
						gain_nano_usd AS gainNanoUsd, at_ms AS atMs FROM trims WHERE key IN (SELECT value FROM json_each(?))`,
				)
				.all(JSON.stringify(query.keys));
		case 'original':
			return db.prepare('SELECT key, original AS text FROM trims WHERE id = ? AND original IS NOT NULL').all(query.id);
		case 'diet-sums':
			return db
				.prepare(
					`SELECT mode, count(*) AS results, count(iif(saved_tokens > 0, 1, NULL)) AS trimmed, sum(saved_tokens) AS savedTokens,
						sum(gain_nano_usd) AS gainNanoUsd, count(false_by) AS falseTrims
					FROM trims WHERE at_ms >= ? AND (? IS NULL OR member_id = ?) GROUP BY mode ORDER BY mode`,
				)
				.all(query.sinceMs, query.member ?? null, query.member ?? null);
	}
}

/** Texts held in memory, trimmed ones and those that are known to stay. */
const HELD_BYTES = 8 * 1024 * 1024;
/** What an entry takes beside its text. */
const ENTRY_BYTES = 400;

type StoredTrim = Omit<TrimRow, 'rules'> & { readonly rules: string };

export function createDietStore(journal: Journal, clock: Clock): DietStore {
	const held = new HeldTrims();
	const write = (change: DietChange) => appendBehind(journal, clock, [{ kind: 'diet', change }]);
	return {
		async find(keys) {
			const missing = keys.filter((key) => !held.has(key));
			if (missing.length > 0) {
				const rows = (await journal.query({ kind: 'trims', keys: missing })) as readonly StoredTrim[];
				const found = new Map(rows.map((row) => [row.key, { ...row, rules: row.rules.split(' ') as readonly TrimRule[] }]));
				// What was added meanwhile is newer than what the disk said.
				for (const key of missing) if (!held.has(key)) held.set(key, found.get(key));
			}
			const known = keys.flatMap((key): [string, TrimRow][] => {
				const row = held.get(key);
				return row === undefined ? [] : [[key, row]];
			});
			return new Map(known);
		},
		add(row) {
			held.set(row.key, { ...row, original: null });
			write({ kind: 'trim', row });
		},
		noteFalse: (key, why) => write({ kind: 'false', key, why }),
		original: async (id) => ((await journal.query({ kind: 'original', id })) as readonly { key: string; text: string }[])[0],
		sums: async (sinceMs, member) => (await journal.query({ kind: 'diet-sums', sinceMs, member })) as readonly DietSums[],
		forget: (memberId) => held.forget(memberId),
	};
}

/** The least recently used goes first. */
class HeldTrims {
	readonly #rows = new Map<string, TrimRow | undefined>();
	#bytes = 0;

	has(key: string): boolean {
		return this.#rows.has(key);
	}

	get(key: string): TrimRow | undefined {
		const row = this.#rows.get(key);
		if (this.#rows.delete(key)) this.#rows.set(key, row);
		return row;
	}

	set(key: string, row: TrimRow | undefined): void {
		this.#drop(key);
		this.#rows.set(key, row);
		this.#bytes += sizeOf(row);
		for (const oldest of this.#rows.keys()) {
			if (this.#bytes <= HELD_BYTES) break;
			this.#drop(oldest);
		}
	}

	forget(memberId: string): void {
		for (const [key, row] of this.#rows) if (row?.memberId === memberId) this.#drop(key);
	}

	#drop(key: string): void {
		if (!this.#rows.has(key)) return;
		this.#bytes -= sizeOf(this.#rows.get(key));
		this.#rows.delete(key);
	}
}

const sizeOf = (row: TrimRow | undefined): number => ENTRY_BYTES + 2 * (row?.text?.length ?? 0);
