/** Tables of accounts, sessions, codes and the audit log: how changes are written, and how they are read back. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AuditEntry } from '../protocol/access.ts';
import type { AccessRows, AccountRow, ClaimRow, NewAuditEntry, PairingCodeRow, SessionRow } from '../protocol/access-store.ts';

/** What the journal carries; `null` takes a row away. */
export type AccessChange =
	| { readonly table: 'accounts'; readonly id: string; readonly row: AccountRow | null }
	| { readonly table: 'sessions'; readonly id: string; readonly row: SessionRow | null }
	| { readonly table: 'codes'; readonly id: string; readonly row: PairingCodeRow | null }
	| { readonly table: 'claim'; readonly row: ClaimRow }
	| { readonly table: 'audit'; readonly row: NewAuditEntry };

export const ACCESS_TABLES = `
	CREATE TABLE access (kind TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
	CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;`;

export type AccessStatements = Readonly<Record<'put' | 'remove' | 'removeSessions' | 'note', StatementSync>>;

export function prepareAccess(db: DatabaseSync): AccessStatements {
	return {
		put: db.prepare('INSERT INTO access VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row'),
		remove: db.prepare('DELETE FROM access WHERE kind = ? AND id = ?'),
		removeSessions: db.prepare("DELETE FROM access WHERE kind IN ('sessions', 'codes') AND row ->> '$.memberId' = ?"),
		note: db.prepare('INSERT INTO audit (at_ms, entry) VALUES (?, ?)'),
	};
}

export function writeAccess(run: AccessStatements, change: AccessChange, atMs: number): void {
	if (change.table === 'audit') run.note.run(atMs, JSON.stringify(change.row));
	else {
		const id = change.table === 'claim' ? 'claim' : change.id;
		if (change.row === null) run.remove.run(change.table, id);
		else run.put.run(change.table, id, JSON.stringify(change.row));
		if (change.row === null && change.table === 'accounts') run.removeSessions.run(id);
	}
}

export function readAccess(db: DatabaseSync): AccessRows {
	const rowsOf = <T>(kind: string): readonly T[] =>
		(db.prepare('SELECT row FROM access WHERE kind = ? ORDER BY id').all(kind) as { row: string }[]).map(({ row }) => JSON.parse(row) as T);
	return {
		accounts: rowsOf<AccountRow>('accounts'),
		sessions: rowsOf<SessionRow>('sessions'),
		codes: rowsOf<PairingCodeRow>('codes'),
		claim: rowsOf<ClaimRow>('claim')[0],
	};
}

export function readAudit(db: DatabaseSync, limit: number, before: number): readonly AuditEntry[] {
	const rows = db.prepare('SELECT number, at_ms, entry FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?').all(before, limit);
	return (rows as { number: number; at_ms: number; entry: string }[]).map(({ number, at_ms, entry }) => ({
		...(JSON.parse(entry) as NewAuditEntry),
		number,
		at: new Date(at_ms).toISOString(),
	}));
}

/** The member's password, sessions and codes go; in the audit log their name does. */
export function forgetAccess(db: DatabaseSync, memberId: string, name: string | undefined): void {
	db.prepare("DELETE FROM access WHERE (kind = 'accounts' AND id = ?) OR row ->> '$.memberId' = ?").run(memberId, memberId);
	if (name !== undefined)
		db.prepare("UPDATE audit SET entry = json_set(entry, '$.who', 'a deleted member') WHERE entry ->> '$.who' = ?").run(name);
}
