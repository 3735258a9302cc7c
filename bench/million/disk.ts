/** The journal as a disk keeps it: whole up to what was awaited, and any prefix of the rest when the power goes. */

import type { LedgerEntry, LedgerSnapshot } from '../../appliance/router/budget/ledger-records.ts';
import { LedgerTables } from '../../test/unit/ledger/ledger-tables.ts';
import type { Random } from './random.ts';

export class Disk {
	readonly #tables = new LedgerTables([]);
	#waiting: LedgerEntry[] = [];
	/** Entries that outlive the process, if not the power. */
	#flushed = 0;

	write(entry: LedgerEntry): void {
		this.#waiting.push(entry);
	}

	/** Everything up to this entry is on the platter. */
	sync(seq: number): void {
		const first = this.#waiting[0]?.seq ?? 0;
		this.#keep(Math.max(0, seq - first + 1));
	}

	/** What is written outlives a kill of the process. */
	flush(): void {
		this.#flushed = this.#waiting.length;
	}

	/** The process is killed: of what was not flushed any prefix is there. */
	kill(random: Random): void {
		this.#cut(this.#flushed + random.nat(this.#waiting.length - this.#flushed + 1));
	}

	/** The power goes: of what was not awaited any prefix is there. */
	powerCut(random: Random): void {
		this.#cut(random.nat(this.#waiting.length + 1));
	}

	snapshot(): LedgerSnapshot {
		return this.#tables.snapshot();
	}

	spentOf(treeId: string): number {
		return this.#tables.trees.get(treeId)?.spentNanoUsd ?? 0;
	}

	#cut(count: number): void {
		this.#keep(count);
		this.#waiting = [];
		this.#flushed = 0;
	}

	#keep(count: number): void {
		const kept = this.#waiting.splice(0, count);
		for (const entry of kept) this.#tables.apply(entry);
		this.#flushed = Math.max(0, this.#flushed - kept.length);
	}
}
