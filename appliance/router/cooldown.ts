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
	/** Monotonic ms at which a rest is over; 0 when closed. */
	readonly untilMs: number;
	/** How long the last rest was; 0 when closed. A failed trial doubles it. */
	readonly restMs: number;
	/** Monotonic ms at which the rest began; 0 when closed. */
	readonly sinceMs: number;
}

export type CooldownEvent =
	| { readonly type: 'sent'; readonly nowMs: number }
	/** Without `sentMs` it counts in any case; else a call from before the rest tells nothing of what came after. */
	| { readonly type: 'succeeded'; readonly sentMs?: number; readonly isTrial?: boolean }
	/** The trial ended and told nothing: its caller went away, or the call itself was at fault. */
	| { readonly type: 'abandoned'; readonly nowMs: number }
	| {
			readonly type: 'failed';
			readonly class: FailureClass;
			readonly retryAfterMs?: number | undefined;
			readonly nowMs: number;
			/** The call was the trial: no other's failure decides while it runs. */
			readonly isTrial?: boolean;
	  };

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
/** Nobody knows how long a trial takes: others are told to look again so soon. */
const TRIAL_GUESS_MS = 1_000;

export const CLOSED: Cooldown = { phase: 'closed', failures: 0, untilMs: 0, restMs: 0, sinceMs: 0 };

type Failure = Extract<CooldownEvent, { type: 'failed' }>;

function rest(restMs: number, { retryAfterMs, nowMs }: Failure): Cooldown {
	const boundedMs = Math.min(LONGEST_REST_MS, retryAfterMs ?? restMs);
	return { phase: 'resting', failures: 0, restMs: Math.min(LONGEST_REST_MS, restMs), untilMs: nowMs + boundedMs, sinceMs: nowMs };
}

function afterFailure(state: Cooldown, event: Failure): Cooldown {
	// A call that was under way when the rest or the trial began fails late, and tells nothing new.
	if (state.phase === 'resting' && event.nowMs < state.untilMs) return state;
	if (state.phase === 'trial' && event.isTrial !== true) return state;
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
			return event.sentMs === undefined || event.isTrial === true || isNews(state, event.sentMs) ? CLOSED : state;
		case 'failed':
			return afterFailure(state, event);
		case 'abandoned':
			return state.phase === 'trial' ? { ...state, phase: 'resting', untilMs: event.nowMs } : state;
		case 'sent':
			// Half open: this call is the trial.
			return isTrialDue(state, event.nowMs) ? { ...state, phase: 'trial' } : state;
	}
}

/** While a trial runs, only it decides; during a rest only what was sent since, for want of anybody else. */
function isNews({ phase, sinceMs }: Cooldown, sentMs: number): boolean {
	return phase === 'closed' || (phase === 'resting' && sentMs > sinceMs);
}

/** Would a call that is sent now be the trial? */
export function isTrialDue({ phase, untilMs }: Cooldown, nowMs: number): boolean {
	return phase === 'resting' && nowMs >= untilMs;
}

/** Monotonic ms until which calls pass it over, as `DeploymentHealth.cooldownUntilMs`; 0 or past when they need not. */
export function passedOverUntilMs({ phase, untilMs }: Cooldown, nowMs: number): number {
	return phase === 'trial' ? nowMs + TRIAL_GUESS_MS : untilMs;
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

/**
 * Milliseconds of a `retry-after`, in seconds or as a date (RFC 9110 §10.2.3); undefined for nonsense.
 *
 * @param wallMs epoch ms, from which a date counts
 */
export function retryAfterMs(header: string | undefined, wallMs?: number): number | undefined {
	if (header === undefined) return undefined;
	if (/^\d+(?:\.\d+)?$/.test(header)) return Math.ceil(Number(header) * 1000);
	const dateMs = wallMs === undefined || !/^[A-Z][a-z]{2}, /.test(header) ? Number.NaN : Date.parse(header);
	return Number.isNaN(dateMs) || wallMs === undefined ? undefined : Math.max(0, dateMs - wallMs);
}
