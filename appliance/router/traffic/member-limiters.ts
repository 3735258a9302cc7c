/** Keeps each member within what one member may ask of the box, so that nobody takes all of it. */

import type { LimitRefusal, Limits, TokenCount } from '../../protocol/limits.ts';
import { Limiter, type Ticket } from './limiter.ts';

/** By the member's name; what it says stands in the place of `each`. */
export interface MemberLimits {
	readonly each: Limits | undefined;
	readonly byName: Readonly<Record<string, Limits>>;
}

/** A member's tokens are bounded by its budgets. */
const NO_TOKENS: TokenCount = { tokens: 0, cacheReadTokens: 0 };

export class MemberLimiters {
	#limits: MemberLimits = { each: undefined, byName: {} };
	readonly #limiters = new Map<string, Limiter>();

	/** What was counted until now goes on counting. */
	configure(limits: MemberLimits): void {
		this.#limits = limits;
		for (const [member, limiter] of this.#limiters) {
			const now = this.#limitsOf(member);
			if (now === undefined) this.#limiters.delete(member);
			else limiter.limits = now;
		}
	}

	/** @returns undefined where nothing limits the member; else a refusal, or what takes back its place when the call ends */
	enter(member: string, nowMs: number): LimitRefusal | { leave(nowMs: number): void } | undefined {
		const limiter = this.#of(member);
		if (limiter === undefined) return undefined;
		const refusal = limiter.refusal(NO_TOKENS, nowMs);
		if (refusal !== undefined) return refusal;
		const ticket: Ticket = limiter.enter(NO_TOKENS, nowMs);
		return { leave: (endMs) => limiter.leave(ticket, undefined, endMs) };
	}

	#of(member: string): Limiter | undefined {
		const known = this.#limiters.get(member);
		if (known !== undefined) return known;
		const limits = this.#limitsOf(member);
		if (limits === undefined) return undefined;
		const limiter = new Limiter(limits);
		this.#limiters.set(member, limiter);
		return limiter;
	}

	#limitsOf(member: string): Limits | undefined {
		const { each, byName } = this.#limits;
		return Object.hasOwn(byName, member) ? byName[member] : each;
	}
}
