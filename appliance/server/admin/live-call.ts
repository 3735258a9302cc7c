/** A call in one line, as the live feed and the list of calls tell it. */

import type { Outcome, Reason } from '../../protocol/decision.ts';
import type { LiveBegin, LiveCall } from '../../protocol/live.ts';
import type { Walk } from '../walk.ts';

/** Undefined where the call was not planned, or is refused at once. */
export function beginOf({ arrival, plan, call }: Walk): LiveBegin | undefined {
	if (plan === undefined || call === undefined || plan.problem !== undefined) return undefined;
	const { callId, at, key } = arrival;
	return { callId, at, member: key.memberName, model: call.model, role: plan.role, deployment: plan.candidates[0]?.deployment };
}

export function callOf(walk: Walk, outcome: Outcome): LiveCall {
	const { arrival, plan, call, deployment, problem } = walk;
	return {
		callId: arrival.callId,
		at: arrival.at,
		member: arrival.key.memberName,
		dialect: arrival.dialect.name,
		model: call?.model ?? '',
		role: plan?.role,
		tier: deployment?.tier,
		deployment: outcome.deployment,
		status: outcome.status,
		problemCode: outcome.problemCode,
		costNanoUsd: outcome.costNanoUsd,
		latencyMs: outcome.latencyMs,
		inputTokens: outcome.inputTokens,
		outputTokens: outcome.outputTokens,
		why: problem?.message ?? whyOf([...(plan?.reasons ?? []), ...walk.reasons]),
	};
}

/** What a person asks first: a failure on the way, then why this deployment, then why this role. */
const TELLING = ['execute', 'choose', 'reserve', 'eligibility', 'role', 'authenticate', 'settle'] as const;

function whyOf(reasons: readonly Reason[]): string {
	for (const step of TELLING) {
		const found = reasons.find((reason) => reason.step === step);
		if (found !== undefined) return found.text;
	}
	return '';
}
