/** Keeps the database bounded: the oldest calls and settlements go, a few at a time. */

import type { DatabaseSync } from 'node:sqlite';

/** Some 3 kB each: 60 MB of an SD card. */
const KEPT_CALLS = 20_000;
/** Some 200 bytes each. */
const KEPT_SETTLEMENTS = 200_000;
const KEPT_DAYS = 90;
const DAY_MS = 86_400_000;

/** Looked at once in so many new rows. */
const EVERY_ROWS = 500;

/** Returns a function to call after each commit: with how many rows it may have added, and the newest one's epoch ms. */
export function createPruner(
	db: DatabaseSync,
	keptCalls = KEPT_CALLS,
	keptSettlements = KEPT_SETTLEMENTS,
): (addedRows: number, newestMs: number) => void {
	const calls = db.prepare('DELETE FROM calls WHERE number <= (SELECT max(number) FROM calls) - ? OR at_ms < ?');
	const settlements = db.prepare('DELETE FROM settlements WHERE rowid <= (SELECT max(rowid) FROM settlements) - ? OR at_ms < ?');
	let rows = EVERY_ROWS;
	return (addedRows, newestMs) => {
		rows += addedRows;
		if (rows < EVERY_ROWS) return;
		rows = 0;
		calls.run(keptCalls, newestMs - KEPT_DAYS * DAY_MS);
		settlements.run(keptSettlements, newestMs - KEPT_DAYS * DAY_MS);
	};
}
