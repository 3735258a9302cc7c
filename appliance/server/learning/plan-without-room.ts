/** A call that no free deployment can take and the mean has no room for: refused, held back for a while, or let through and counted. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from '../../protocol/call.ts';
import type { Plan } from '../../protocol/plan.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { planCallNow } from '../plan-walk.ts';
import type { Walk } from '../walk.ts';

/** How often a call that is held back looks for room. */
const LOOK_MS = 250;

export const isOutOfRoom = ({ problem }: Plan): boolean => problem?.details.boundBy === 'mean';

/** The plan may still be the refusal. */
export async function planWithoutRoom(box: Box, walk: Walk, call: Call, refused: Plan): Promise<Plan> {
	const policy = box.learning.withoutRoom;
	if (policy.do === 'refuse') return refused;
	if (policy.do === 'queue') return await hold(box, walk, call, refused, policy.queueMs);
	const { plan } = planCallNow(box, walk.arrival, call, { ignoresMean: true });
	if (plan.problem !== undefined) return plan;
	walk.isMeanException = true;
	walk.because(
		'reserve',
		'mean-exception',
		'The mean has no room for it, and no free deployment can take it: it is let through and counted as an exception.',
	);
	return take(walk, plan);
}

async function hold(box: Box, walk: Walk, call: Call, refused: Plan, queueMs: number): Promise<Plan> {
	const { nowMs } = box.clock;
	const began = nowMs();
	while (nowMs() - began < queueMs) {
		await rest(walk);
		const { plan } = planCallNow(box, walk.arrival, call);
		if (isOutOfRoom(plan)) continue;
		walk.because('reserve', 'held-back', `The mean had no room for it for ${Math.round(nowMs() - began)} ms.`);
		return take(walk, plan);
	}
	walk.because('reserve', 'held-back', `The mean had no room for it for ${queueMs} ms.`);
	return refused;
}

function take(walk: Walk, plan: Plan): Plan {
	walk.plan = plan;
	return plan;
}

async function rest({ arrival }: Walk): Promise<void> {
	const { signal } = arrival.reply;
	try {
		await pause(LOOK_MS, undefined, { signal });
	} catch {
		throw Problem.from(signal.reason, 'canceled');
	}
}
