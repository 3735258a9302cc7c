/** Keeps the database bounded: records of calls and single bills go when they are too old or too many. */

import type { DatabaseSync } from 'node:sqlite';
import type { Retention } from '../protocol/ports.ts';
import { MOST_TRIMS } from './diet-store.ts';

const DAY_MS = 86_400_000;

/** Longer than any period of a budget, so that nothing is told twice. */
const KEPT_ALERT_DAYS = 400;

/** What was done to the box, and by whom. */
const KEPT_AUDIT_DAYS = 400;
const MOST_AUDIT_ROWS = 50_000;

/** Looked at once in so many new rows. */
const EVERY_ROWS = 500;

/** Rows that one look deletes of a kind: the ledger waits meanwhile. */
export const MOST_ROWS = 2_000;

export interface Pruner {
	/** Call after each commit: with how many rows it may have added, and the newest one's epoch ms. */
	written(addedRows: number, newestMs: number): void;
	/** Deletes up to some thousand rows that are beyond the retention, which holds from now on; returns how many went. */
	prune(retention: Retention, wallMs: number): number;
}

export function createPruner(db: DatabaseSync): Pruner {
	const calls = db.prepare(`DELETE FROM calls WHERE number IN (
		SELECT number FROM calls WHERE number <= (SELECT max(number) FROM calls) - ? OR at_ms < ? LIMIT ${MOST_ROWS})`);
	const bills = db.prepare(`DELETE FROM settlements WHERE rowid IN (
		SELECT rowid FROM settlements WHERE rowid <= (SELECT max(rowid) FROM settlements) - ? OR at_ms < ? LIMIT ${MOST_ROWS})`);
	const trims = db.prepare(`DELETE FROM trims WHERE number IN (
		SELECT number FROM trims WHERE number <= (SELECT max(number) FROM trims) - ? OR at_ms < ? LIMIT ${MOST_ROWS})`);
	const clients = db.prepare('DELETE FROM clients WHERE last_ms < ?');
	const alerts = db.prepare('DELETE FROM alerts WHERE at_ms < ?');
	const audit = db.prepare('DELETE FROM audit WHERE at_ms < ? OR number <= (SELECT max(number) FROM audit) - ?');
	let retention: Retention | undefined;
	let rows = EVERY_ROWS;
	const prune = (kept: Retention, wallMs: number): number => {
		const { changes: callRows } = calls.run(kept.calls, wallMs - kept.callDays * DAY_MS);
		const { changes: billRows } = bills.run(kept.bills, wallMs - kept.billDays * DAY_MS);
		const { changes: trimRows } = trims.run(Math.min(kept.calls, MOST_TRIMS), wallMs - kept.callDays * DAY_MS);
		clients.run(wallMs - KEPT_ALERT_DAYS * DAY_MS);
		audit.run(wallMs - KEPT_AUDIT_DAYS * DAY_MS, MOST_AUDIT_ROWS);
		alerts.run(wallMs - KEPT_ALERT_DAYS * DAY_MS);
		return Number(callRows) + Number(billRows) + Number(trimRows);
	};
	return {
		written(addedRows, newestMs) {
			rows += addedRows;
			if (rows < EVERY_ROWS || retention === undefined) return;
			rows = 0;
			prune(retention, newestMs);
		},
		prune(next, wallMs) {
			retention = next;
			return prune(next, wallMs);
		},
	};
}
