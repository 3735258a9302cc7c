/** Writes down what became of a call: one log line, the metrics, the history that `explain` reads. */

import type { Box } from './box.ts';
import { KEPT_TEXT_BYTES } from './kept-text.ts';
import { withoutLogin } from './own-login.ts';
import { codesOf } from './reply-headers.ts';
import type { Walk } from './walk.ts';

/** No secret goes into any of them, and no text of a prompt unless the operator asks for it (`log.hasPromptText`). */
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
		...(arrival.settings.log.hasPromptText ? textsOf(arrival) : {}),
	};
	if (outcome.status >= 500 && outcome.status !== 529) box.log.warn(line, 'call');
	else box.log.info(line, 'call');
}

function textsOf({ request, reply }: Walk['arrival']) {
	const texts = { prompt: Buffer.from(request.body).toString('utf8', 0, KEPT_TEXT_BYTES), reply: reply.keptText };
	return { prompt: withoutLogin(texts.prompt, request.headers), reply: withoutLogin(texts.reply, request.headers) };
}
