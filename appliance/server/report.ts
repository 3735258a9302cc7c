/** Writes down what became of a call: one log line, the metrics, the history that `explain` reads. */

import type { Box } from './box.ts';
import type { Walk } from './walk.ts';

/** No secret and no text of a prompt goes into any of them. */
export function report(box: Box, walk: Walk): void {
	const { arrival, plan, deployment } = walk;
	const { callId: _, ...outcome } = walk.outcome();
	box.metrics.noteCall(walk);
	const decision = walk.decision();
	if (decision !== undefined) box.store.history.record(decision, walk.outcome());
	const line = {
		callId: arrival.callId,
		member: arrival.key.memberName,
		dialect: arrival.dialect.name,
		model: walk.call?.model,
		role: plan?.role,
		tier: deployment?.tier,
		...outcome,
		...(walk.problem === undefined ? {} : { problem: walk.problem.message, details: walk.problem.details }),
		reasons: decision?.reasons.map(({ code }) => code),
	};
	if (outcome.status >= 500 && outcome.status !== 529) box.log.warn(line, 'call');
	else box.log.info(line, 'call');
}
