/** Writes down what became of a call: one log line, the metrics, the history that `explain` reads. */

import type { Decision, Outcome } from '../protocol/decision.ts';
import type { Box } from './box.ts';
import { isoTime } from './iso-time.ts';
import { KEPT_TEXT_BYTES } from './kept-text.ts';
import { infoLine } from './log.ts';
import { withoutLogin } from './own-login.ts';
import { codesOf } from './reply-headers.ts';
import type { Walk } from './walk.ts';

/** No secret goes into any of them, and no text of a prompt unless the operator asks for it (`log.hasPromptText`). */
export function report(box: Box, walk: Walk): void {
	const outcome = walk.outcome();
	const outcomeJson = JSON.stringify(outcome);
	const decision = walk.decision();
	box.metrics.noteCall(walk, outcome);
	box.pulse.note(outcome);
	if (box.live.isWatched) box.live.ended(walk, outcome);
	if (decision !== undefined) box.store.history.record(decision, outcome, outcomeJson);
	if (walk.call !== undefined) box.clients.note(walk.call.signals.client, walk.arrival.request.headers['user-agent']);
	if (box.alerts.isOn) box.alerts.note(walk);
	const { problem, arrival } = walk;
	const { log, writeLogLine } = box;
	const isUsual = problem === undefined && outcome.status < 500 && !arrival.settings.log.hasPromptText;
	if (!isUsual || writeLogLine === undefined) logWhole(box, walk, outcome, decision);
	else if (log.isLevelEnabled('info'))
		writeLogLine(infoLine(isoTime(box.clock.wallMs()), outcomeJson, JSON.stringify(factsOf(walk, decision)), 'call'));
}

function logWhole({ log }: Box, walk: Walk, outcome: Outcome, decision: Decision | undefined): void {
	const { arrival, problem } = walk;
	const line = {
		...outcome,
		...factsOf(walk, decision),
		problem: problem?.message,
		details: problem?.details,
		...(arrival.settings.log.hasPromptText ? textsOf(arrival) : {}),
	};
	if (outcome.status >= 500 && outcome.status !== 529) log.warn(line, 'call');
	else log.info(line, 'call');
}

/** What the line of every call has beside its outcome. */
function factsOf({ arrival, plan, deployment, call }: Walk, decision: Decision | undefined) {
	return {
		member: arrival.key.memberName,
		dialect: arrival.dialect.name,
		model: call?.model,
		role: plan?.role,
		tier: deployment?.tier,
		reasons: decision === undefined ? undefined : codesOf(decision.reasons),
	};
}

function textsOf({ request, reply }: Walk['arrival']) {
	const texts = { prompt: Buffer.from(request.body).toString('utf8', 0, KEPT_TEXT_BYTES), reply: reply.keptText };
	return { prompt: withoutLogin(texts.prompt, request.headers), reply: withoutLogin(texts.reply, request.headers) };
}
