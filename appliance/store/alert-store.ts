/** Which alerts were raised, and what became of them. */

import type { AlertRow, AlertStore } from '../protocol/alerts.ts';
import type { Journal } from './journal.ts';

export function createAlertStore(journal: Journal): AlertStore {
	return {
		put: (row) => journal.appendDurable(JSON.stringify({ seq: 0, atMs: row.atMs, isSync: true, changes: [{ kind: 'alert', ...row }] })),
		since: async (atMs) => (await journal.query({ kind: 'alerts', atMs })) as readonly AlertRow[],
	};
}
