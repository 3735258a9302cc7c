/** What a batch of changes leaves of each row: a call that begins and ends within it leaves no reservation at all. */

import type { ReservationRow, SumsRow, TreeRow } from '../router/budget/ledger-records.ts';
import type { Change } from './journal-messages.ts';

export interface TreeEnd {
	/** Undefined where the tree is forgotten. */
	readonly row: TreeRow | undefined;
	/** Of the change that made it so. */
	readonly seq: number;
}

/** `dispatched` and `gone` speak of a row that an earlier batch wrote. */
export type ReservationEnd = ReservationRow | 'dispatched' | 'gone';

/** Rows hold new values and never differences, so of several changes of one row the last one says it all. */
export class BatchEnd {
	readonly trees = new Map<string, TreeEnd>();
	readonly reservations = new Map<string, ReservationEnd>();
	/** In the order of their latest change: the team's own sums stand in every row. */
	readonly sums = new Map<string, SumsRow>();
	/** Members to be deleted behind all else: what ended while they went is theirs, too. */
	readonly forgotten: Extract<Change, { readonly kind: 'forget-member' }>[] = [];

	/** False for a change that has to be written as it is; a settlement is such a one, and ends a reservation as well. */
	take(change: Change, seq: number): boolean {
		switch (change.kind) {
			case 'tree':
				this.trees.set(change.id, { row: change, seq });
				return true;
			case 'forget-tree':
				this.trees.set(change.id, { row: undefined, seq });
				return true;
			case 'reserve':
				this.reservations.set(change.callId, change);
				return true;
			case 'dispatch':
				this.#dispatch(change.callId);
				return true;
			case 'release':
				this.#end(change.callId);
				return true;
			case 'settle':
				this.#end(change.callId);
				return false;
			case 'sums':
				this.#sum(change);
				return true;
			case 'forget-member':
				this.forgotten.push(change);
				return true;
			default:
				return false;
		}
	}

	#dispatch(callId: string): void {
		const before = this.reservations.get(callId);
		if (before === undefined) this.reservations.set(callId, 'dispatched');
		else if (typeof before === 'object') this.reservations.set(callId, { ...before, isDispatched: true });
	}

	#end(callId: string): void {
		// A call id is reserved once: what this batch reserved stands in no table yet.
		if (typeof this.reservations.get(callId) === 'object') this.reservations.delete(callId);
		else this.reservations.set(callId, 'gone');
	}

	#sum(row: SumsRow): void {
		const key = `${row.day} ${row.memberId}`;
		this.sums.delete(key);
		this.sums.set(key, row);
	}
}
