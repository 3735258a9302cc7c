/** A plain reading of journal entries into the tables that they describe, as any store must keep them. */

import {
	EMPTY_SNAPSHOT,
	type LedgerChange,
	type LedgerEntry,
	type LedgerSnapshot,
	type ReservationRow,
	type SettlementRow,
	type SumsRow,
	type TreeRow,
} from '../../../appliance/router/budget/ledger-records.ts';

export class LedgerTables {
	readonly trees = new Map<string, TreeRow>();
	readonly reservations = new Map<string, ReservationRow>();
	readonly settlements = new Map<string, SettlementRow>();
	#sums: SumsRow[] = [];
	#seq = 0;
	#atMs = 0;

	constructor(entries: readonly LedgerEntry[]) {
		for (const entry of entries) this.apply(entry);
	}

	apply(entry: LedgerEntry): void {
		if (entry.seq !== this.#seq + 1) throw new Error(`entry ${entry.seq} follows ${this.#seq}`);
		this.#seq = entry.seq;
		this.#atMs = entry.atMs;
		for (const change of entry.changes) this.#change(change);
	}

	snapshot(): LedgerSnapshot {
		const day = new Date(this.#atMs).toISOString().slice(0, 10);
		const latest = this.#sums.at(-1);
		const members = [...new Map(this.#sums.map((row) => [row.memberId, row])).values()];
		const inDay = (row: SumsRow | undefined, nanoUsd: number | undefined): number => (row?.day === day ? (nanoUsd ?? 0) : 0);
		const inMonth = (row: SumsRow | undefined, nanoUsd: number | undefined): number =>
			row?.month === day.slice(0, 7) ? (nanoUsd ?? 0) : 0;
		return {
			...EMPTY_SNAPSHOT,
			seq: this.#seq,
			atMs: this.#atMs,
			team: {
				id: 'team',
				dayNanoUsd: inDay(latest, latest?.teamDayNanoUsd),
				monthNanoUsd: inMonth(latest, latest?.teamMonthNanoUsd),
			},
			members: members.map((row) => ({
				id: row.memberId,
				dayNanoUsd: inDay(row, row.memberDayNanoUsd),
				monthNanoUsd: inMonth(row, row.memberMonthNanoUsd),
			})),
			trees: [...this.trees.values()],
			reservations: [...this.reservations.values()],
		};
	}

	#change(change: LedgerChange): void {
		switch (change.kind) {
			case 'tree':
				this.trees.set(change.id, change);
				return;
			case 'forget-tree':
				this.trees.delete(change.id);
				return;
			case 'reserve':
				this.reservations.set(change.callId, change);
				return;
			case 'dispatch': {
				const row = this.reservations.get(change.callId);
				if (row !== undefined) this.reservations.set(change.callId, { ...row, isDispatched: true });
				return;
			}
			case 'release':
				this.reservations.delete(change.callId);
				return;
			case 'settle':
				if (this.settlements.has(change.callId)) throw new Error(`${change.callId} is settled twice`);
				this.reservations.delete(change.callId);
				this.settlements.set(change.callId, change);
				return;
			case 'sums':
				this.#sums.push(change);
		}
	}
}
