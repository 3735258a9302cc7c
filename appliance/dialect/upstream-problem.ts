/** What an upstream's error means to a caller of another dialect: the frame around what each dialect reads from it. */

import { Problem, type ProblemCode } from '../protocol/problem.ts';

/** What an upstream said of its failure, as far as its dialect tells. */
export interface UpstreamError {
	readonly type: string;
	readonly code: string;
	readonly message: string;
}

/** Words by which the vendors say that a prompt does not fit; clients match on them too. */
const WINDOW_WORDS = /prompt is too long|context limit|maximum context length|context_length_exceeded|context window|input token count/i;

const CODES: ReadonlyMap<number, ProblemCode> = new Map<number, ProblemCode>([
	[400, 'invalid-call'],
	[408, 'upstream-timeout'],
	[413, 'call-too-large'],
	[422, 'invalid-call'],
	[429, 'rate-limited'],
	[503, 'upstream-overloaded'],
	[504, 'upstream-timeout'],
	[529, 'upstream-overloaded'],
]);

/**
 * The box's own key or a missing model is no fault of the caller's, so 401, 403 and 404 become a failure of the
 * upstream. An overload keeps its status, a rate limit its waiting time.
 */
export function upstreamProblem(status: number, error: UpstreamError, retryAfter: string | undefined): Problem {
	const isWindow = status === 400 && WINDOW_WORDS.test(`${error.code} ${error.message}`);
	const code = isWindow ? 'context-window-exceeded' : (CODES.get(status) ?? 'upstream-failed');
	const isRetryable = status === 408 || status === 409 || status === 429 || status >= 500;
	const retryAfterSeconds = secondsOf(retryAfter);
	return new Problem(code, error.message || `The upstream answered ${status}.`, {
		isRetryable,
		...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
		details: { status },
	});
}

/** Whole or broken seconds; a date is left to the caller's own patience. */
function secondsOf(retryAfter: string | undefined): number | undefined {
	const seconds = retryAfter === undefined || retryAfter.trim() === '' ? Number.NaN : Number(retryAfter);
	return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
