/** Which client programs were seen, over restarts. */

import type { ClientRow, ClientStore } from '../protocol/clients.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Journal } from './journal.ts';

export function createClientStore(journal: Journal, clock: Clock): ClientStore {
	return {
		list: async () => (await journal.query({ kind: 'clients' })) as readonly ClientRow[],
		put(rows) {
			const changes = rows.map((row) => ({ kind: 'client' as const, ...row }));
			journal.append(JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: false, changes }));
		},
	};
}
