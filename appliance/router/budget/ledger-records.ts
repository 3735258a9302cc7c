/** What the ledger writes to its journal, and what it is rebuilt from. */

/** A row of the ledger after an event: new values, never differences. */
export type LedgerChange =
	| ({ readonly kind: 'tree' } & TreeRow)
	| { readonly kind: 'forget-tree'; readonly id: string }
	| ({ readonly kind: 'reserve' } & ReservationRow)
	| { readonly kind: 'dispatch'; readonly callId: string }
	| { readonly kind: 'release'; readonly callId: string }
	| ({ readonly kind: 'settle' } & SettlementRow)
	| ({ readonly kind: 'sums' } & SumsRow);

export interface TreeRow {
	readonly id: string;
	readonly memberId: string;
	readonly treeKey: string;
	readonly sessionId: string | null;
	/** False for a tree of a key without a ceiling. */
	readonly isBounded: boolean;
	readonly ceilingNanoUsd: number;
	readonly spentNanoUsd: number;
	/** No bill of this tree can be above this while the row stands: what a crash charges at most. */
	readonly exposureNanoUsd: number;
	readonly isOpen: boolean;
}

export interface ReservationRow {
	readonly callId: string;
	readonly treeId: string;
	readonly keyId: string;
	readonly nanoUsd: number;
	readonly isDispatched: boolean;
}

export interface SettlementRow {
	readonly callId: string;
	/** Null for a call that reserved nothing. */
	readonly treeId: string | null;
	readonly memberId: string;
	readonly keyId: string;
	readonly deployment: string;
	readonly reservedNanoUsd: number;
	readonly costNanoUsd: number;
	readonly isBound: boolean;
}

/** What was settled in the running periods, of one member and of the team. */
export interface SumsRow {
	readonly day: string;
	readonly month: string;
	readonly memberId: string;
	readonly memberDayNanoUsd: number;
	readonly memberMonthNanoUsd: number;
	readonly teamDayNanoUsd: number;
	readonly teamMonthNanoUsd: number;
}

/** All changes of one event: they reach the disk together or not at all, in the order of `seq`. */
export interface LedgerEntry {
	readonly seq: number;
	/** Ledger time (monotone epoch ms). */
	readonly atMs: number;
	/** Must be on the platter, not only in the page cache, once acknowledged. */
	readonly isSync: boolean;
	readonly changes: readonly LedgerChange[];
}

export interface AccountSums {
	readonly id: string;
	readonly dayNanoUsd: number;
	readonly monthNanoUsd: number;
}

/** The ledger as its tables hold it. */
export interface LedgerSnapshot {
	readonly seq: number;
	/** Latest ledger time; 0 for a new ledger. */
	readonly atMs: number;
	readonly team: AccountSums;
	readonly members: readonly AccountSums[];
	/** Oldest activity first. */
	readonly trees: readonly TreeRow[];
	readonly reservations: readonly ReservationRow[];
}

export const EMPTY_SNAPSHOT: LedgerSnapshot = {
	seq: 0,
	atMs: 0,
	team: { id: 'team', dayNanoUsd: 0, monthNanoUsd: 0 },
	members: [],
	trees: [],
	reservations: [],
};

/** Something that must not happen, and is never hidden. */
export interface LedgerAlarm {
	/** `overrun`: billed above its bound; `unknown-call`: a bill for a call that never reserved; `invalid-cost`: a cost that is no amount. */
	readonly kind: 'overrun' | 'unknown-call' | 'invalid-cost';
	readonly callId: string;
	readonly reservedNanoUsd: number;
	readonly costNanoUsd: number;
}
