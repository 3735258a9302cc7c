/** One call on its way: what arrived, what was decided and why, who answered, and what it cost so far. */

import type { Settings } from '../config/settings.ts';
import type { Call } from '../protocol/call.ts';
import type { ConfidenceNote } from '../protocol/confidence.ts';
import type { Decision, Outcome, Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { DietNote } from '../protocol/diet.ts';
import type { Key } from '../protocol/member.ts';
import type { Plan } from '../protocol/plan.ts';
import type { CallerRequest, Dialect, LedgerScope, Settlement } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { NO_USAGE, type Usage } from '../protocol/stream.ts';
import type { CallerReply } from './caller-reply.ts';
import type { HeardReply } from './earned/heard-reply.ts';

/** A call at the door: authenticated, its bytes read, nothing understood yet. */
export interface Arrival {
	readonly callId: string;
	readonly dialect: Dialect;
	readonly request: CallerRequest;
	readonly key: Key;
	readonly reply: CallerReply;
	readonly settings: Settings;
	/** As they were when the call came. */
	readonly deployments: readonly Deployment[];
	/** ISO date and time. */
	readonly at: string;
}

export class Walk {
	readonly arrival: Arrival;
	readonly reasons: Reason[] = [];
	call: Call | undefined;
	plan: Plan | undefined;
	scope: LedgerScope | undefined;
	/** The deployment that is asked now, at the end the one that answered. */
	deployment: Deployment | undefined;
	usage: Usage = NO_USAGE;
	problem: Problem | undefined;
	/** How the box's own answer was judged, where it was. */
	confidence: ConfidenceNote | undefined;
	/** What was trimmed of its tool results before anything else saw it. */
	diet: DietNote | undefined;
	/** The cloud's answer, where the box's own is to be compared with it. */
	heard: HeardReply | undefined;
	/** The ledger holds money for it. */
	isReserved = false;
	/** The mean has no room for it, and it was let through all the same. */
	isMeanException = false;
	/** An upstream's bytes are on their way to the caller: no word of ours may be mixed in. */
	isRelay = false;
	/** Content went out: what is released stands, and no other deployment can take over. */
	hasReleased = false;
	private charge: Settlement | undefined;

	constructor(arrival: Arrival) {
		this.arrival = arrival;
	}

	because(step: Reason['step'], code: string, text: string, deployment?: string): void {
		this.reasons.push(deployment === undefined ? { step, code, text } : { step, code, text, deployment });
	}

	/** One try's cost; several tries of a call add up. */
	bill(deployment: string, costNanoUsd: number, isBound: boolean): void {
		const before = this.charge;
		this.charge = {
			deployment,
			costNanoUsd: costNanoUsd + (before?.costNanoUsd ?? 0),
			isBound: isBound || (before?.isBound ?? false),
		};
	}

	/** Undefined when nothing was sent, or nothing can be billed. */
	get settlement(): Settlement | undefined {
		return this.charge;
	}

	/** Undefined until the call was planned. */
	decision(): Decision | undefined {
		const { arrival, call, plan, reasons, confidence, diet } = this;
		return call === undefined || plan === undefined ? undefined : decisionOf({ ...arrival, call, plan, reasons, confidence, diet });
	}

	outcome(): Outcome {
		const { reply, callId } = this.arrival;
		return {
			callId,
			deployment: this.deployment?.id,
			status: reply.status,
			costNanoUsd: this.charge?.costNanoUsd ?? 0,
			isCostBound: this.charge?.isBound ?? false,
			latencyMs: Math.round(reply.elapsedMs),
			firstByteMs: reply.firstByteMs === undefined ? undefined : Math.round(reply.firstByteMs),
			problemCode: this.problem?.code,
			inputTokens: this.usage.inputTokens,
			outputTokens: this.usage.outputTokens,
			cacheReadTokens: this.usage.cacheReadTokens,
			...cacheWritesOf(this.usage),
			...(this.deployment?.isOwnLogin === true ? { isOwnLogin: true as const } : {}),
		};
	}
}

function cacheWritesOf({ cacheWriteTokens = 0, cacheWrite1hTokens = 0 }: Usage): Pick<Outcome, 'cacheWriteTokens'> {
	const tokens = cacheWriteTokens + cacheWrite1hTokens;
	return tokens === 0 ? {} : { cacheWriteTokens: tokens };
}

interface DecisionParts {
	readonly callId: string;
	readonly at: string;
	readonly key: Key;
	readonly call: Call;
	readonly plan: Plan;
	/** Of the steps after the plan. */
	readonly reasons: readonly Reason[];
	readonly confidence?: ConfidenceNote | undefined;
	readonly diet?: DietNote | undefined;
}

export function decisionOf({ callId, at, key, call, plan, reasons, confidence, diet }: DecisionParts): Decision {
	return {
		callId,
		at,
		member: key.memberName,
		keyId: key.id,
		dialect: call.dialect,
		requestedModel: call.model,
		role: plan.role,
		treeKey: plan.treeKey,
		candidates: plan.candidates,
		rejected: plan.rejected,
		reasons: [...plan.reasons, ...reasons],
		reservedNanoUsd: plan.reservationNanoUsd,
		...(plan.policy === undefined ? {} : { policy: plan.policy }),
		...(plan.experiment === undefined ? {} : { experiment: plan.experiment }),
		...(confidence === undefined ? {} : { confidence }),
		...(diet === undefined ? {} : { diet }),
	};
}

/** A value that may be a Problem, thrown when it is one. */
export function must<T>(value: T | Problem): T {
	if (value instanceof Problem) throw value;
	return value;
}
