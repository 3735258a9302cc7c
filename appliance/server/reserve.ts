/** Holds a call's worst cost in the ledger, and under the mean, before anything is sent. */

import type { Call } from '../protocol/call.ts';
import type { Plan } from '../protocol/plan.ts';
import { Problem } from '../protocol/problem.ts';
import type { Box } from './box.ts';
import { isOutOfRoom, planWithoutRoom } from './learning/plan-without-room.ts';
import type { Walk } from './walk.ts';

/**
 * Gives back the plan that money is held for: another than the one that was asked for, where that one had no room under
 * the mean. Throws the plan's or the ledger's Problem; waits where the hold is not yet safe on disk, or for room.
 */
export async function reserve(box: Box, walk: Walk, call: Call, asked: Plan): Promise<Plan> {
	const plan = isOutOfRoom(asked) ? await planWithoutRoom(box, walk, call, asked) : asked;
	if (plan.problem !== undefined) throw plan.problem;
	if (box.learning.isPaced && !box.learning.reserve(walk, plan.reservationNanoUsd, walk.isMeanException))
		throw new Problem('budget-exhausted', 'The mean cost that calls of this period may have has no room for this call. Try again shortly.');
	if (walk.scope === undefined || plan.reservationNanoUsd === 0) return plan;
	const result = box.store.ledger.reserve(walk.arrival.callId, walk.scope, plan.reservationNanoUsd);
	if (!result.isAdmitted) throw result.problem;
	walk.isReserved = true;
	if (result.durable !== undefined) await result.durable;
	return plan;
}
