/** How many calls a member or a key may have, at once and a minute, by the rules that the operator set for them. */

import { type LimitRefusal, type Limits, NO_TOKENS } from '../protocol/limits.ts';
import type { CallLimit, Key } from '../protocol/member.ts';
import { Problem } from '../protocol/problem.ts';
import { Limiter } from '../router/traffic/limiter.ts';

/** Tokens are bounded by budgets. */

export class CallLimits {
	private readonly limiters = new Map<string, Limiter>();
	private readonly nowMs: () => number;

	constructor(nowMs: () => number) {
		this.nowMs = nowMs;
	}

	/** Counts a call that begins, under all of the limits or none; call what comes back when it ends. Throws `rate-limited`. */
	begin(limits: readonly CallLimit[]): () => void {
		const nowMs = this.nowMs();
		const limiters = limits.map((limit) => this.limiterOf(limit));
		for (const limiter of limiters) {
			const refusal = limiter.refusal(NO_TOKENS, nowMs);
			if (refusal !== undefined) throw refused(refusal);
		}
		const tickets = limiters.map((limiter) => limiter.enter(NO_TOKENS, nowMs));
		return () => {
			const endMs = this.nowMs();
			for (const [index, ticket] of tickets.entries()) limiters[index]?.leave(ticket, undefined, endMs);
		};
	}

	private limiterOf({ id, limits }: CallLimit): Limiter {
		const limiter = this.limiters.get(id) ?? new Limiter(limits);
		limiter.limits = limits;
		this.limiters.set(id, limiter);
		return limiter;
	}
}

/** Those that the operator set for the key and its member; a member without any has what `each` may. */
export function limitsOf({ limits, memberId }: Key, each: Limits | undefined): readonly CallLimit[] | undefined {
	if (each === undefined || limits?.some(({ id }) => id === memberId)) return limits;
	return [{ id: memberId, limits: each }, ...(limits ?? [])];
}

function refused({ limit, most, waitMs }: LimitRefusal): Problem {
	const what = limit === 'parallel' ? `${most} calls at once, which are all running` : `${most} requests a minute`;
	return new Problem(
		'rate-limited',
		`This member or key may make ${what}. The operator of the box sets it (memberLimits, innerloop member set).`,
		{
			isRetryable: true,
			retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
		},
	);
}
