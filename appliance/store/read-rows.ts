/** Reads the tables back into what the service starts from, and answers its queries. */

import type { DatabaseSync } from 'node:sqlite';
import type { AccessRules } from '../protocol/member.ts';
import type { Member } from '../protocol/ports.ts';
import { periodsAt } from '../router/budget/ledger-period.ts';
import type { AccountSums, LedgerSnapshot, ReservationRow, TreeRow } from '../router/budget/ledger-records.ts';
import { readAudit } from './access-rows.ts';
import { readDiet } from './diet-store.ts';
import { readShadows } from './earned-store.ts';
import type { KeyRow, Query } from './journal-messages.ts';
import { readLearned, readRewards } from './learning-store.ts';
import { readCallSums, searchCalls } from './search-calls.ts';

type Row = Record<string, string | number | null>;

const text = (row: Row, name: string): string => String(row[name]);
const textOrNull = (row: Row, name: string): string | null => (row[name] === null ? null : String(row[name]));
const amount = (row: Row, name: string): number => Number(row[name]);
const amountOrNull = (row: Row, name: string): number | null => (row[name] === null ? null : Number(row[name]));
const flag = (row: Row, name: string): boolean => row[name] === 1;

const all = (db: DatabaseSync, sql: string, ...args: (string | number)[]): Row[] => db.prepare(sql).all(...args) as Row[];

export function readMeta(db: DatabaseSync, name: string): string | undefined {
	const row = db.prepare('SELECT value FROM meta WHERE name = ?').get(name) as { value: string } | undefined;
	return row?.value;
}

export function readSnapshot(db: DatabaseSync): LedgerSnapshot {
	const { seq, atMs } = JSON.parse(readMeta(db, 'ledger') ?? '{"seq":0,"atMs":0}') as { seq: number; atMs: number };
	return {
		seq,
		atMs,
		team: readSums(db, 'team', atMs)[0] ?? { id: 'team', dayNanoUsd: 0, monthNanoUsd: 0 },
		members: readSums(db, 'member', atMs),
		trees: all(db, 'SELECT * FROM trees ORDER BY changed_seq').map(treeOf),
		reservations: all(db, 'SELECT * FROM reservations').map(reservationOf),
	};
}

function readSums(db: DatabaseSync, scope: 'team' | 'member', atMs: number): AccountSums[] {
	const { day, month } = periodsAt(atMs);
	const sql = `SELECT id, sum(iif(period = ?, settled_nano_usd, 0)) AS day, sum(iif(period = ?, settled_nano_usd, 0)) AS month
		FROM sums WHERE scope = ? AND period IN (?, ?) GROUP BY id`;
	return all(db, sql, day, month, scope, day, month).map((row) => ({
		id: text(row, 'id'),
		dayNanoUsd: amount(row, 'day'),
		monthNanoUsd: amount(row, 'month'),
	}));
}

function treeOf(row: Row): TreeRow {
	return {
		id: text(row, 'id'),
		memberId: text(row, 'member_id'),
		treeKey: text(row, 'tree_key'),
		sessionId: textOrNull(row, 'session_id'),
		isBounded: flag(row, 'is_bounded'),
		ceilingNanoUsd: amount(row, 'ceiling_nano_usd'),
		spentNanoUsd: amount(row, 'spent_nano_usd'),
		exposureNanoUsd: amount(row, 'exposure_nano_usd'),
		isOpen: flag(row, 'is_open'),
	};
}

function reservationOf(row: Row): ReservationRow {
	return {
		callId: text(row, 'call_id'),
		treeId: text(row, 'tree_id'),
		keyId: text(row, 'key_id'),
		nanoUsd: amount(row, 'nano_usd'),
		isDispatched: flag(row, 'is_dispatched'),
	};
}

export function readMembers(db: DatabaseSync): readonly Member[] {
	return all(db, 'SELECT * FROM members ORDER BY created_at, rowid').map((row) => ({
		id: text(row, 'id'),
		name: text(row, 'name'),
		dayNanoUsd: amountOrNull(row, 'day_nano_usd') ?? undefined,
		monthNanoUsd: amountOrNull(row, 'month_nano_usd') ?? undefined,
		createdAt: text(row, 'created_at'),
		...(row.rules === '{}' ? {} : { rules: rulesOf(row) }),
	}));
}

const rulesOf = (row: Row): AccessRules => JSON.parse(text(row, 'rules')) as AccessRules;

export function readKeys(db: DatabaseSync): readonly KeyRow[] {
	return all(db, 'SELECT * FROM keys ORDER BY created_at, rowid').map((row) => ({
		id: text(row, 'id'),
		memberId: text(row, 'member_id'),
		secretSha256: text(row, 'secret_sha256'),
		isOwner: flag(row, 'is_owner'),
		allowedTiers: JSON.parse(text(row, 'allowed_tiers')) as string[],
		mayForce: flag(row, 'may_force'),
		hasCeiling: flag(row, 'has_ceiling'),
		treeCeilingNanoUsd: amountOrNull(row, 'tree_ceiling_nano_usd'),
		expiresAtMs: amountOrNull(row, 'expires_at_ms'),
		createdAt: text(row, 'created_at'),
		isRevoked: flag(row, 'is_revoked'),
		rules: rulesOf(row),
	}));
}

export function answerQuery(db: DatabaseSync, query: Exclude<Query, { readonly kind: 'prune' }>): readonly unknown[] {
	switch (query.kind) {
		case 'call':
			return all(db, 'SELECT decision, outcome FROM calls WHERE call_id = ?', query.callId);
		case 'recent':
			return all(db, 'SELECT decision, outcome FROM calls ORDER BY number DESC LIMIT ?', query.limit);
		case 'search':
			return searchCalls(db, query.filter, query.limit);
		case 'use':
		case 'trees':
			return readCallSums(db, query);
		case 'alerts':
			return all(db, 'SELECT id, at_ms AS atMs, state, body FROM alerts WHERE at_ms >= ? ORDER BY at_ms DESC, id', query.atMs);
		case 'clients':
			return all(db, 'SELECT name, version, first_ms AS firstMs, last_ms AS lastMs, calls FROM clients ORDER BY last_ms');
		case 'learned':
			return readLearned(db);
		case 'rewards':
			return readRewards(db, query.limit);
		case 'trims':
		case 'original':
		case 'diet-sums':
			return readDiet(db, query);
		case 'shadows':
			return readShadows(db, query.limit);
		case 'audit':
			return readAudit(db, query.limit, query.before);
		case 'spend-days':
			return all(
				db,
				`SELECT scope, id, period AS day, settled_nano_usd AS settledNanoUsd FROM sums WHERE length(period) = 10
					AND period IN (SELECT DISTINCT period FROM sums WHERE length(period) = 10 ORDER BY period DESC LIMIT ?)
					ORDER BY period DESC, scope DESC, id`,
				query.days,
			);
	}
}
