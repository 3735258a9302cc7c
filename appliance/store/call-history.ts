/** The decisions and outcomes of past calls: written behind, never waited for, bounded. */

import type { Decision, Outcome } from '../protocol/decision.ts';
import type { CallHistory, CallRecord, Clock, UseRow } from '../protocol/ports.ts';
import type { Journal } from './journal.ts';
import type { StoredCall } from './journal-messages.ts';
import { addUp, joinTrees, type SearchedPart, type SumsPart, type TreePart } from './search-calls.ts';

/** With so many lines before the disk, further calls are counted instead of kept: some 30 MB of memory. */
export const MOST_WAITING_LINES = 10_000;

const MOST_RECENT = 1_000;

/** A search looks through so many parts at most, and goes on where it stopped when it is asked for the next page. */
const MOST_LOOKS = 20;

export interface BoundedHistory extends CallHistory {
	/** Calls that were not kept because the disk could not follow. */
	dropped(): number;
	/** Calls of these keys that still run leave no record. */
	forget(keyIds: readonly string[]): void;
	/** The most records that are kept; with 0, none is written. */
	mostCalls: number;
}

export function createCallHistory(journal: Journal, clock: Clock, mostWaitingLines = MOST_WAITING_LINES): BoundedHistory {
	let dropped = 0;
	const forgotten = new Set<string>();
	async function sums<Row>(kind: 'use' | 'trees', sinceMs: number, member: string | undefined): Promise<readonly Row[]> {
		const rows: Row[] = [];
		let before: number | undefined;
		do {
			const [part] = (await journal.query({ kind, before, sinceMs, member })) as [SumsPart<Row>];
			rows.push(...part.rows);
			before = part.next;
		} while (before !== undefined);
		return rows;
	}
	const history: BoundedHistory = {
		mostCalls: Number.MAX_SAFE_INTEGER,
		record(decision, outcome, outcomeJson = JSON.stringify(outcome)) {
			if (history.mostCalls === 0 || forgotten.has(decision.keyId)) return;
			if (journal.counts.waitingLines >= mostWaitingLines) {
				dropped += 1;
				return;
			}
			journal.appendCall({ callId: decision.callId, atMs: clock.wallMs(), decision: JSON.stringify(decision), outcome: outcomeJson });
		},
		async find(callId) {
			const rows = (await journal.query({ kind: 'call', callId })) as readonly StoredCall[];
			return rows.map(recordOf)[0];
		},
		async recent(limit) {
			const bounded = Math.max(0, Math.min(Math.floor(limit), MOST_RECENT));
			const rows = (await journal.query({ kind: 'recent', limit: bounded })) as readonly StoredCall[];
			return rows.map(recordOf);
		},
		async search(filter, limit) {
			const bounded = Math.max(1, Math.min(Math.floor(limit), MOST_RECENT));
			const calls: CallRecord[] = [];
			let before = filter.before;
			for (let look = 0; look < MOST_LOOKS && calls.length < bounded; look += 1) {
				const rows = (await journal.query({ kind: 'search', filter: { ...filter, before }, limit: bounded - calls.length })) as [
					SearchedPart,
				];
				calls.push(...rows[0].found.map(recordOf));
				before = rows[0].next;
				if (before === undefined) break;
			}
			return { calls, next: before };
		},
		use: async (sinceMs, member) => addUp(await sums<UseRow>('use', sinceMs, member)),
		trees: async (sinceMs, member) => joinTrees(await sums<TreePart>('trees', sinceMs, member)),
		dropped: () => dropped,
		forget(keyIds) {
			for (const id of keyIds) forgotten.add(id);
		},
	};
	return history;
}

function recordOf(row: StoredCall): CallRecord {
	return {
		decision: JSON.parse(row.decision) as Decision,
		outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as Outcome),
	};
}
