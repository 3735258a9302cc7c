/** Keeps a deployment, a key or a member within what it may be asked for: requests and tokens a minute, and calls at once. */

import type { LimitRefusal, Limits, TokenCount } from '../../protocol/limits.ts';
import { MinuteWindow } from './minute-window.ts';

/** A call that was let in; give it back to `leave` when it ended. */
export interface Ticket {
	readonly tokens: number;
	readonly slot: number;
	readonly atMs: number;
}

/** What is used of the limits at this moment; a field is undefined where nothing limits it. */
export interface LimitUse {
	readonly requests: number | undefined;
	readonly tokens: number | undefined;
	readonly runningCalls: number;
}

/** How long a call takes is not known before the first one ended. */
const FIRST_GUESS_MS = 1_000;
const LONGEST_GUESS_MS = 60_000;
const EWMA_WEIGHT = 0.2;

/** Holds state, but no clock: `refusal` and `enter` in one turn of the loop never let more in than the limits say. */
export class Limiter {
	limits: Limits;
	readonly #requests = new MinuteWindow();
	readonly #tokens = new MinuteWindow();
	#runningCalls = 0;
	#callMs: number | undefined;

	constructor(limits: Limits) {
		this.limits = limits;
	}

	/** Why a call of about so many tokens is not let in now; undefined when it is. The longest wait of several counts. */
	refusal(count: TokenCount, nowMs: number): LimitRefusal | undefined {
		const { requestsPerMinute, tokensPerMinute, parallelCalls } = this.limits;
		const waits: LimitRefusal[] = [];
		const tokens = this.#counted(count);
		if (parallelCalls !== undefined && this.#runningCalls >= parallelCalls) {
			waits.push({ limit: 'parallel', most: parallelCalls, waitMs: this.#waitForEnd(parallelCalls) });
		}
		if (requestsPerMinute !== undefined) {
			waits.push({ limit: 'requests', most: requestsPerMinute, waitMs: this.#requests.waitMs(1, requestsPerMinute, nowMs) });
		}
		if (tokensPerMinute !== undefined) {
			waits.push({ limit: 'tokens', most: tokensPerMinute, waitMs: this.#tokens.waitMs(tokens, tokensPerMinute, nowMs) });
		}
		const [longest] = waits.filter(({ waitMs }) => waitMs > 0).sort((a, b) => b.waitMs - a.waitMs);
		return longest;
	}

	/** Lets a call in: ask `refusal` first, in the same turn of the loop. */
	enter(count: TokenCount, nowMs: number): Ticket {
		const tokens = this.#counted(count);
		this.#runningCalls += 1;
		if (this.limits.requestsPerMinute !== undefined) this.#requests.add(1, nowMs);
		const slot = this.limits.tokensPerMinute === undefined ? Number.NEGATIVE_INFINITY : this.#tokens.add(tokens, nowMs);
		return { tokens, slot, atMs: nowMs };
	}

	/** @param used what the call really took; undefined leaves the estimate standing */
	leave(ticket: Ticket, used: TokenCount | undefined, nowMs: number): void {
		this.#runningCalls -= 1;
		if (used !== undefined && ticket.slot >= 0) this.#tokens.correct(ticket.slot, ticket.tokens, this.#counted(used), nowMs);
		const tookMs = Math.max(0, nowMs - ticket.atMs);
		this.#callMs = this.#callMs === undefined ? tookMs : this.#callMs + EWMA_WEIGHT * (tookMs - this.#callMs);
	}

	use(nowMs: number): LimitUse {
		const { requestsPerMinute, tokensPerMinute } = this.limits;
		return {
			requests: requestsPerMinute === undefined ? undefined : this.#requests.sum(nowMs),
			tokens: tokensPerMinute === undefined ? undefined : this.#tokens.sum(nowMs),
			runningCalls: this.#runningCalls,
		};
	}

	#counted({ tokens, cacheReadTokens }: TokenCount): number {
		return this.limits.isCacheReadCounted === false ? Math.max(0, tokens - cacheReadTokens) : tokens;
	}

	/** Of so many calls that run side by side, one ends about so soon. */
	#waitForEnd(parallelCalls: number): number {
		return Math.min(LONGEST_GUESS_MS, Math.max(FIRST_GUESS_MS, (this.#callMs ?? 0) / parallelCalls));
	}
}
