/** Holds a call's worst cost in the ledger before anything is sent. */

import type { Plan } from '../protocol/plan.ts';
import type { Box } from './box.ts';
import type { Walk } from './walk.ts';

/** Throws the plan's or the ledger's Problem; waits only where the hold is not yet safe on disk. */
export async function reserve(box: Box, walk: Walk, plan: Plan): Promise<void> {
	if (plan.problem !== undefined) throw plan.problem;
	if (walk.scope === undefined || plan.reservationNanoUsd === 0) return;
	const result = box.store.ledger.reserve(walk.arrival.callId, walk.scope, plan.reservationNanoUsd);
	if (!result.isAdmitted) throw result.problem;
	walk.isReserved = true;
	if (result.durable !== undefined) await result.durable;
}
