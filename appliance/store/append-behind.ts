/** Changes that nobody waits for: written with the next batch, and not a part of the ledger's order. */

import type { Clock } from '../protocol/ports.ts';
import type { Journal } from './journal.ts';
import type { MemberChange } from './journal-messages.ts';

export function appendBehind(journal: Journal, clock: Clock, changes: readonly MemberChange[]): void {
	journal.append(JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: false, changes }));
}
