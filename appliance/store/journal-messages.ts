/** What the service and the journal's thread say to each other. */

import type { AccessRows } from '../protocol/access-store.ts';
import type { AlertRow } from '../protocol/alerts.ts';
import type { ClientRow } from '../protocol/clients.ts';
import type { ShadowRow } from '../protocol/earned.ts';
import type { AccessRules } from '../protocol/member.ts';
import type { CallFilter, Member, Retention } from '../protocol/ports.ts';
import type { LedgerChange, LedgerSnapshot } from '../router/budget/ledger-records.ts';
import type { AccessChange } from './access-rows.ts';
import type { DietChange, DietQuery } from './diet-store.ts';
import type { LearningChange } from './learning-store.ts';
import type { RunMark } from './tail-file.ts';

/** Everything that is written to the database. */
export type Change = LedgerChange | MemberChange | ({ readonly kind: 'run' } & RunMark);

export type MemberChange =
	| {
			readonly kind: 'member';
			readonly id: string;
			readonly name: string;
			readonly dayNanoUsd: number | null;
			readonly monthNanoUsd: number | null;
			readonly createdAt: string;
			readonly rules: AccessRules;
	  }
	| ({ readonly kind: 'key' } & KeyRow)
	/** Deletes the member, its keys and all that is recorded of its calls. */
	| ({ readonly kind: 'alert' } & AlertRow)
	| ({ readonly kind: 'client' } & ClientRow)
	| { readonly kind: 'access'; readonly change: AccessChange }
	| { readonly kind: 'learning'; readonly change: LearningChange }
	| { readonly kind: 'diet'; readonly change: DietChange }
	| { readonly kind: 'shadow'; readonly row: ShadowRow }
	| { readonly kind: 'forget-member'; readonly id: string; readonly name: string; readonly keyIds: readonly string[] };

export interface KeyRow {
	readonly id: string;
	readonly memberId: string;
	readonly secretSha256: string;
	readonly isOwner: boolean;
	readonly allowedTiers: readonly string[];
	readonly mayForce: boolean;
	readonly hasCeiling: boolean;
	readonly treeCeilingNanoUsd: number | null;
	readonly expiresAtMs: number | null;
	readonly createdAt: string;
	readonly isRevoked: boolean;
	readonly rules: AccessRules;
}

/** A past call as its table takes it. */
export interface CallRow {
	readonly callId: string;
	readonly atMs: number;
	/** JSON. */
	readonly decision: string;
	readonly outcome: string;
}

/** One line of a batch: a ledger entry (with `seq`) or changes of another room of the store (`seq` 0). */
export interface JournalLine {
	readonly seq: number;
	readonly atMs: number;
	readonly isSync: boolean;
	readonly changes: readonly Change[];
}

export interface StoredCall {
	readonly decision: string;
	readonly outcome: string | null;
}

export type Query =
	| DietQuery
	| { readonly kind: 'call'; readonly callId: string }
	| { readonly kind: 'recent'; readonly limit: number }
	| { readonly kind: 'search'; readonly filter: CallFilter; readonly limit: number }
	| { readonly kind: 'use' | 'trees'; readonly before: number | undefined; readonly sinceMs: number; readonly member: string | undefined }
	| { readonly kind: 'spend-days'; readonly days: number }
	| { readonly kind: 'alerts'; readonly atMs: number }
	| { readonly kind: 'clients' }
	| { readonly kind: 'learned' }
	| { readonly kind: 'shadows'; readonly limit: number }
	| { readonly kind: 'rewards'; readonly limit: number }
	| { readonly kind: 'audit'; readonly limit: number; readonly before: number }
	/** Deletes some of what is beyond the retention, which also holds from now on; answers with how many rows went. */
	| { readonly kind: 'prune'; readonly retention: Retention; readonly wallMs: number };

export type ToJournal =
	/**
	 * `lines` is a JSON array of JournalLine, each already text; `ticket` is the last one's number. `calls` are rows of
	 * CallRow, a line each with tabs between its fields: JSON text has neither tabs nor line ends, so it needs no second coat.
	 */
	| { readonly kind: 'write'; readonly ticket: number; readonly lines: string; readonly calls: string }
	| { readonly kind: 'query'; readonly id: number; readonly query: Query }
	| { readonly kind: 'close' };

export type FromJournal =
	| ({ readonly kind: 'ready' } & JournalStart)
	| { readonly kind: 'refused'; readonly message: string }
	/** All lines up to `ticket` are committed; those up to `syncedTicket` are on the platter. */
	| {
			readonly kind: 'committed';
			readonly ticket: number;
			/** The latest ledger entry among them. */
			readonly ledgerSeq: number;
			readonly syncedTicket: number;
			readonly commits: number;
			readonly syncedCommits: number;
	  }
	| { readonly kind: 'failing'; readonly message: string }
	| { readonly kind: 'answer'; readonly id: number; readonly rows: readonly unknown[] }
	| { readonly kind: 'query-failed'; readonly id: number; readonly message: string }
	/** `isComplete` is false when the disk refused the last lines to the end. */
	| { readonly kind: 'closed'; readonly isComplete: boolean };

/** What the journal's thread found when it opened the database. */
export interface JournalStart {
	readonly snapshot: LedgerSnapshot;
	readonly members: readonly Member[];
	readonly keys: readonly KeyRow[];
	readonly access: AccessRows;
	/** True when nothing that the last process did can be missing. */
	readonly isTailKnown: boolean;
	/** What the last process left, to be removed once it is no longer needed; undefined for a new database. */
	readonly lastRun: RunMark | undefined;
}
