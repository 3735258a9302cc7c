/** What is kept of accounts, sessions, codes and admin actions. */

import type { AccountRole, AuditEntry } from './access.ts';

export interface AccountRow {
	readonly memberId: string;
	readonly role: AccountRole;
	/** scrypt's parameters, salt and hash as one text; undefined for whoever has set none yet. */
	readonly password: string | undefined;
}

export interface SessionRow {
	/** SHA-256 of the cookie's token, as hex. */
	readonly tokenSha256: string;
	readonly memberId: string;
	readonly createdMs: number;
	readonly seenMs: number;
}

/** A code of one use that an owner made for a member. The pairing needs its text, so it is kept while it is good. */
export interface PairingCodeRow {
	readonly slot: string;
	readonly memberId: string;
	readonly code: string;
	readonly expiresMs: number;
	/** Wrong codes that were tried. */
	readonly tries: number;
}

/** Whether the box has had an owner, and the code that makes one. */
export interface ClaimRow {
	readonly isClaimed: boolean;
	/** Undefined once it has served; on a claimed box one that was asked for on the device, for a lost password. */
	readonly code: string | undefined;
	/** Wrong codes that were tried. */
	readonly tries: number;
}

export interface AccessRows {
	readonly accounts: readonly AccountRow[];
	readonly sessions: readonly SessionRow[];
	readonly codes: readonly PairingCodeRow[];
	readonly claim: ClaimRow | undefined;
}

export type NewAuditEntry = Omit<AuditEntry, 'number' | 'at'>;

/** Changes resolve once they are on the platter. Reading answers from memory. */
export interface AccessStore {
	accounts(): readonly AccountRow[];
	account(memberId: string): AccountRow | undefined;
	putAccount(row: AccountRow): Promise<void>;
	/** Its sessions end with it. */
	removeAccount(memberId: string): Promise<void>;
	sessions(): readonly SessionRow[];
	session(tokenSha256: string): SessionRow | undefined;
	putSession(row: SessionRow): Promise<void>;
	endSessions(tokens: readonly string[]): Promise<void>;
	codes(): readonly PairingCodeRow[];
	putCode(row: PairingCodeRow): Promise<void>;
	removeCode(slot: string): Promise<void>;
	claim(): ClaimRow | undefined;
	setClaim(row: ClaimRow): Promise<void>;
	note(entry: NewAuditEntry): Promise<void>;
	/** The newest first; only those with a lower number where `before` says one. */
	auditTrail(limit: number, before?: number): Promise<readonly AuditEntry[]>;
}
