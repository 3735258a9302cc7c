/** Closes a call's hold in the ledger: with what its tries cost, or free where nothing can be billed. */

import type { Box } from './box.ts';
import type { Walk } from './walk.ts';

export function settle(box: Box, walk: Walk): void {
	if (box.learning.isOn) box.learning.finish(walk);
	if (!walk.isReserved) return;
	const { callId } = walk.arrival;
	if (walk.settlement === undefined) box.store.ledger.release(callId);
	else box.store.ledger.settle(callId, walk.settlement);
}
