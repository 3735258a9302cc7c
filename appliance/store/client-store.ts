/** Which client programs were seen, over restarts. */

import type { ClientRow, ClientStore } from '../protocol/clients.ts';
import type { Clock } from '../protocol/ports.ts';
import { appendBehind } from './append-behind.ts';
import type { Journal } from './journal.ts';

export function createClientStore(journal: Journal, clock: Clock): ClientStore {
	return {
		list: async () => (await journal.query({ kind: 'clients' })) as readonly ClientRow[],
		put(rows) {
			const changes = rows.map((row) => ({ kind: 'client' as const, ...row }));
			appendBehind(journal, clock, changes);
		},
	};
}
