/** What follows a failed try: the same deployment again, another candidate, or the end. */

import type { RetrySettings } from '../protocol/retries.ts';

/** What went wrong, as far as it says who may do better. */
export type FailureKind =
	/** The call never left: no connection. */
	| 'connect'
	/** No first byte in time, 408 or 504. */
	| 'timeout'
	/** The connection or the stream broke before its first content. */
	| 'broken'
	/** 409 */
	| 'conflict'
	/** 429 */
	| 'rate-limited'
	/** 503, 529 */
	| 'overloaded'
	/** Other 5xx. */
	| 'server-error'
	/** 401, 402, 403 */
	| 'unauthorized'
	/** 404: no such model. */
	| 'not-found'
	/** The prompt does not fit, whatever the estimate said. */
	| 'context-window'
	/** The vendor refuses the call for its content. */
	| 'content-policy'
	/** 400 at a model of our choice, where the one that was asked for is still to come. */
	| 'unsuited'
	/** One of our own limits, or the box's own engine: nothing was sent. */
	| 'busy'
	/** The call's own fault, or the box's: nobody does better. */
	| 'final';

export interface Failure {
	readonly kind: FailureKind;
	/** As the upstream asked. */
	readonly retryAfterMs?: number | undefined;
	/** The upstream may bill the try: the next one at the same place needs money of its own. */
	readonly mayBeBilled: boolean;
	/** Another key of the same provider could be asked at once. */
	readonly hasOtherKey?: boolean;
}

/** A candidate that could be asked after this one. */
export interface Later {
	readonly contextTokens: number;
	/** The operator lets it take what another's vendor refused for its content. */
	readonly takesRefusedContent: boolean;
}

export interface Situation {
	readonly failure: Failure;
	/** Repetitions at this deployment until now; another key of it is none. */
	readonly repeats: number;
	/** Window of the deployment that failed. */
	readonly contextTokens: number;
	/** In their order. */
	readonly later: readonly Later[];
	/** Is there money for another try here that may be billed, beside those still to come? */
	readonly canPayRepeat: boolean;
	/** Uniform [0, 1). */
	readonly random: number;
}

export type Step =
	| { readonly type: 'stop' }
	/** `skip` candidates further: 1 is the next. */
	| { readonly type: 'next'; readonly skip: number }
	| { readonly type: 'again'; readonly delayMs: number; readonly isRepeat: boolean };

const STOP: Step = { type: 'stop' };
const AT_ONCE: Step = { type: 'again', delayMs: 0, isRepeat: false };

/** What may pass by itself when the same deployment is asked again. */
const PASSING: ReadonlySet<FailureKind> = new Set([
	'connect',
	'timeout',
	'broken',
	'conflict',
	'rate-limited',
	'overloaded',
	'server-error',
]);

function next(later: readonly Later[], suits: (one: Later) => boolean = () => true): Step {
	const at = later.findIndex(suits);
	return at < 0 ? STOP : { type: 'next', skip: at + 1 };
}

/**
 * Between half and all of a doubling base, so that callers do not come back all together, but never earlier than the
 * upstream asked; undefined where it asked for more than is waited.
 */
export function delayMs(repeats: number, retryAfterMs: number | undefined, random: number, settings: RetrySettings): number | undefined {
	if (retryAfterMs !== undefined && retryAfterMs > settings.longestWaitMs) return undefined;
	const base = Math.min(settings.longestWaitMs, settings.backoffMs * 2 ** repeats);
	const jittered = Math.round(base / 2 + (base / 2) * random);
	return Math.max(jittered, retryAfterMs ?? 0);
}

function again({ failure, repeats, canPayRepeat, random }: Situation, settings: RetrySettings): Step {
	const { kind, mayBeBilled, retryAfterMs } = failure;
	const mayRepeat = PASSING.has(kind) && (settings.on as readonly FailureKind[]).includes(kind) && repeats < settings.repeats;
	if (!mayRepeat || (mayBeBilled && !canPayRepeat)) return STOP;
	const ms = delayMs(repeats, retryAfterMs, random, settings);
	return ms === undefined ? STOP : { type: 'again', delayMs: ms, isRepeat: true };
}

/** Pure. Nothing of the failed try may have been released to the caller. */
export function afterFailure(situation: Situation, settings: RetrySettings): Step {
	const { failure, later, contextTokens } = situation;
	if (failure.hasOtherKey === true) return AT_ONCE;
	switch (failure.kind) {
		case 'final':
			return STOP;
		case 'context-window':
			return next(later, (one) => one.contextTokens > contextTokens);
		case 'content-policy':
			return next(later, ({ takesRefusedContent }) => takesRefusedContent);
		default: {
			const [first, second] =
				settings.prefer === 'same' ? [again(situation, settings), next(later)] : [next(later), again(situation, settings)];
			return first.type === 'stop' ? second : first;
		}
	}
}
