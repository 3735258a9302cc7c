/** Keeps a member within what the operator lets one member ask of the box. */

import type { Call } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';
import type { Box } from './box.ts';
import type { Walk } from './walk.ts';

/** Throws `rate-limited` where the member's place is taken; counting tokens needs none. */
export function admitMember(box: Box, walk: Walk, { operation }: Call): void {
	if (operation === 'count-tokens') return;
	const admitted = box.memory.members.enter(walk.arrival.key.memberName, box.clock.nowMs());
	if (admitted === undefined) return;
	if ('leave' in admitted) {
		walk.leaveMember = () => admitted.leave(box.clock.nowMs());
		return;
	}
	const { limit, most, waitMs } = admitted;
	const what = limit === 'parallel' ? `${most} calls at once` : `${most} calls a minute`;
	throw new Problem('rate-limited', `You have ${what} on this box (memberLimits), and they are used up. Try again in a moment.`, {
		isRetryable: true,
		retryAfterSeconds: Math.ceil(waitMs / 1000),
	});
}
