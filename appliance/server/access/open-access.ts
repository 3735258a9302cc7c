/** Puts the desks of claiming, sessions and codes together. */

import type { AccessSettings } from '../../config/access.ts';
import type { Clock, Store } from '../../protocol/ports.ts';
import { AccessDesk } from './access-desk.ts';
import { ClaimDesk, type ShownCode } from './claim-desk.ts';
import { CodeDesk } from './code-desk.ts';
import { Sessions } from './sessions.ts';

/** @param clock of the sessions; the ledger's own may be a test's */
export function openAccess(
	{ access: store, members }: Pick<Store, 'access' | 'members'>,
	clock: Clock,
	settings: () => AccessSettings,
	show: (code: ShownCode | undefined) => Promise<void>,
): AccessDesk {
	const times = () => ({ idleMs: settings().sessionIdleMs, absoluteMs: settings().sessionMs });
	return new AccessDesk({
		store,
		members,
		clock,
		sessions: new Sessions(store, members, clock, times),
		claim: new ClaimDesk({ store, clock, windowMs: () => settings().claimMs, preset: settings().claimCode?.reveal(), show }),
		codes: new CodeDesk(store, clock, members.listMembers),
	});
}
