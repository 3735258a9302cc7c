/**
 * When a deployment that fails is passed over, and for how long. Closed: it takes calls. Resting: it takes none until
 * its time is up. Then half open: one call tries it, and decides for the others.
 */

export type FailureClass =
	/** 429 */
	| 'rate-limited'
	/** 503, 529 */
	| 'overloaded'
	/** other 5xx */
	| 'server-error'
	| 'timeout'
	/** refused, reset, cut */
	| 'connection'
	/** 401, 402, 403: key or account */
	| 'unauthorized'
	/** 404: no such model */
	| 'not-found';

export interface Cooldown {
	readonly phase: 'closed' | 'resting' | 'trial';
	/** Failures in a row while closed. */
	readonly failures: number;
	/** Monotonic ms until which calls pass it over, as `DeploymentHealth.cooldownUntilMs`; 0 when closed. */
	readonly untilMs: number;
	/** How long the last rest was; 0 when closed. A failed trial doubles it. */
	readonly restMs: number;
}

export type CooldownEvent =
	| { readonly type: 'sent'; readonly nowMs: number }
	| { readonly type: 'succeeded' }
	| { readonly type: 'failed'; readonly class: FailureClass; readonly retryAfterMs?: number | undefined; readonly nowMs: number };

interface Rule {
	/** Failures in a row that begin a rest. */
	readonly failures: number;
	readonly restMs: number;
}

/**
 * A single overload or server error says little, and the next candidate has already taken the call over. A rate limit
 * says when to come back. What only an operator mends is asked again once a minute.
 */
const RULES: Readonly<Record<FailureClass, Rule>> = {
	'rate-limited': { failures: 1, restMs: 5_000 },
	overloaded: { failures: 2, restMs: 5_000 },
	'server-error': { failures: 3, restMs: 5_000 },
	timeout: { failures: 2, restMs: 10_000 },
	connection: { failures: 2, restMs: 5_000 },
	unauthorized: { failures: 1, restMs: 60_000 },
	'not-found': { failures: 1, restMs: 60_000 },
};

/** However long an upstream asks for or failures add up, somebody looks again after this. */
const LONGEST_REST_MS = 300_000;
/** How long the trial of a half-open deployment may keep the others off. */
const TRIAL_MS = 30_000;

export const CLOSED: Cooldown = { phase: 'closed', failures: 0, untilMs: 0, restMs: 0 };

type Failure = Extract<CooldownEvent, { type: 'failed' }>;

function rest(restMs: number, { retryAfterMs, nowMs }: Failure): Cooldown {
	const boundedMs = Math.min(LONGEST_REST_MS, retryAfterMs ?? restMs);
	return { phase: 'resting', failures: 0, restMs: Math.min(LONGEST_REST_MS, restMs), untilMs: nowMs + boundedMs };
}

function afterFailure(state: Cooldown, event: Failure): Cooldown {
	// A call that was under way when the rest began fails late, and tells nothing new.
	if (state.phase === 'resting' && event.nowMs < state.untilMs) return state;
	if (state.phase !== 'closed') return rest(state.restMs * 2, event);
	const failures = state.failures + 1;
	const rule = RULES[event.class];
	const isEnough = failures >= rule.failures || event.retryAfterMs !== undefined;
	return isEnough ? rest(rule.restMs, event) : { ...state, failures };
}

/** Pure: the next state. Errors that are the caller's own (400, 413, …) are no event here. */
export function nextCooldown(state: Cooldown, event: CooldownEvent): Cooldown {
	switch (event.type) {
		case 'succeeded':
			return CLOSED;
		case 'failed':
			return afterFailure(state, event);
		case 'sent':
			// Half open: this call is the trial. One that is never heard of again keeps the others off only for a while.
			if (state.phase === 'closed' || event.nowMs < state.untilMs) return state;
			return { ...state, phase: 'trial', untilMs: event.nowMs + TRIAL_MS };
	}
}

/** Undefined for statuses that say nothing about the deployment. */
export function failureOfStatus(status: number): FailureClass | undefined {
	if (status === 429) return 'rate-limited';
	if (status === 503 || status === 529) return 'overloaded';
	if (status === 408 || status === 504) return 'timeout';
	if (status >= 500) return 'server-error';
	if (status === 401 || status === 402 || status === 403) return 'unauthorized';
	return status === 404 ? 'not-found' : undefined;
}

/** Milliseconds of a `retry-after` in seconds; undefined for its form as a date, which no model provider sends, and for nonsense. */
export function retryAfterMs(header: string | undefined): number | undefined {
	return header !== undefined && /^\d+(?:\.\d+)?$/.test(header) ? Math.ceil(Number(header) * 1000) : undefined;
}
