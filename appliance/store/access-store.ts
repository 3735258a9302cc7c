/** Accounts, sessions and codes: in memory for every look, on the platter before anyone relies on a change. */

import type { AuditEntry } from '../protocol/access.ts';
import type { AccessRows, AccessStore } from '../protocol/access-store.ts';
import type { Clock } from '../protocol/ports.ts';
import type { AccessChange } from './access-rows.ts';
import type { Journal } from './journal.ts';

export interface KeptAccess extends AccessStore {
	/** The member is gone from the database: here too. */
	forget(memberId: string): void;
}

export function createAccessStore(start: AccessRows, journal: Journal, clock: Clock): KeptAccess {
	const accounts = new Map(start.accounts.map((row) => [row.memberId, row]));
	const sessions = new Map(start.sessions.map((row) => [row.tokenSha256, row]));
	const codes = new Map(start.codes.map((row) => [row.slot, row]));
	let claim = start.claim;
	const write = (...changes: readonly AccessChange[]): Promise<void> =>
		journal.appendDurable(
			JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: true, changes: changes.map((change) => ({ kind: 'access', change })) }),
		);
	const forget = (memberId: string): void => {
		accounts.delete(memberId);
		for (const row of [...sessions.values()]) if (row.memberId === memberId) sessions.delete(row.tokenSha256);
		for (const row of [...codes.values()]) if (row.memberId === memberId) codes.delete(row.slot);
	};
	return {
		accounts: () => [...accounts.values()],
		account: (memberId) => accounts.get(memberId),
		putAccount: (row) => {
			accounts.set(row.memberId, row);
			return write({ table: 'accounts', id: row.memberId, row });
		},
		removeAccount: (memberId) => {
			forget(memberId);
			return write({ table: 'accounts', id: memberId, row: null });
		},
		sessions: () => [...sessions.values()],
		session: (token) => sessions.get(token),
		putSession: (row) => {
			sessions.set(row.tokenSha256, row);
			return write({ table: 'sessions', id: row.tokenSha256, row });
		},
		endSessions: async (tokens) => {
			for (const token of tokens) sessions.delete(token);
			if (tokens.length > 0) await write(...tokens.map((id) => ({ table: 'sessions' as const, id, row: null })));
		},
		codes: () => [...codes.values()],
		putCode: (row) => {
			codes.set(row.slot, row);
			return write({ table: 'codes', id: row.slot, row });
		},
		removeCode: (slot) => {
			codes.delete(slot);
			return write({ table: 'codes', id: slot, row: null });
		},
		claim: () => claim,
		setClaim: (row) => {
			claim = row;
			return write({ table: 'claim', row });
		},
		note: (row) => write({ table: 'audit', row }),
		auditTrail: async (limit, before = Number.MAX_SAFE_INTEGER) =>
			(await journal.query({ kind: 'audit', limit, before })) as readonly AuditEntry[],
		forget,
	};
}
