/** The one error type of the house: a closed code, what to do about it, and the facts. */

export const PROBLEM_STATUS = {
	'invalid-call': 400,
	unauthenticated: 401,
	forbidden: 403,
	'not-found': 404,
	'method-not-allowed': 405,
	'upgrade-refused': 426,
	'unsupported-media-type': 415,
	'call-too-large': 413,
	'context-window-exceeded': 400,
	'budget-exhausted': 402,
	'cost-not-bounded': 400,
	'not-expressible': 400,
	'no-eligible-deployment': 503,
	'rate-limited': 429,
	'local-busy': 529,
	'local-failed': 502,
	'low-confidence': 502,
	'upstream-failed': 502,
	'upstream-timeout': 504,
	'upstream-overloaded': 529,
	canceled: 499,
	'clock-not-set': 503,
	'shutting-down': 503,
	internal: 500,
} as const;

export type ProblemCode = keyof typeof PROBLEM_STATUS;

export interface ProblemOptions {
	readonly isRetryable?: boolean;
	/** Seconds that the caller should wait, sent as `retry-after`. */
	readonly retryAfterSeconds?: number;
	/** Facts for log and `explain`; shown to the caller only for 4xx. */
	readonly details?: Readonly<Record<string, unknown>>;
	readonly cause?: unknown;
}

export class Problem extends Error {
	readonly code: ProblemCode;
	readonly isRetryable: boolean;
	readonly retryAfterSeconds: number | undefined;
	readonly details: Readonly<Record<string, unknown>>;

	constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = 'Problem';
		this.code = code;
		this.isRetryable = options.isRetryable ?? false;
		this.retryAfterSeconds = options.retryAfterSeconds;
		this.details = options.details ?? {};
	}

	get status(): number {
		return PROBLEM_STATUS[this.code];
	}

	/** Wraps a foreign error once, at the port; a Problem stays as it is. */
	static from(error: unknown, code: ProblemCode = 'internal'): Problem {
		if (error instanceof Problem) return error;
		const message = error instanceof Error ? error.message : String(error);
		return new Problem(code, message, { cause: error });
	}
}
