/** Writes down what became of a call: one log line, the metrics, the history that `explain` reads. */

import type { Box } from './box.ts';
import { codesOf } from './reply-headers.ts';
import type { Walk } from './walk.ts';

/** No secret and no text of a prompt goes into any of them. */
export function report(box: Box, walk: Walk): void {
	const { arrival, plan, deployment, problem } = walk;
	const outcome = walk.outcome();
	const decision = walk.decision();
	box.metrics.noteCall(walk, outcome);
	if (decision !== undefined) box.store.history.record(decision, outcome);
	const line = {
		...outcome,
		member: arrival.key.memberName,
		dialect: arrival.dialect.name,
		model: walk.call?.model,
		role: plan?.role,
		tier: deployment?.tier,
		problem: problem?.message,
		details: problem?.details,
		reasons: decision === undefined ? undefined : codesOf(decision.reasons),
	};
	if (outcome.status >= 500 && outcome.status !== 529) box.log.warn(line, 'call');
	else box.log.info(line, 'call');
}
