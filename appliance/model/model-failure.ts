/** Why a model file could not be had, in words that say what to do. */

export class ModelFailure extends Error {
	/** Whether the same attempt may succeed later. */
	readonly isRetryable: boolean;
	/** Seconds that the server asked to wait. */
	readonly retryAfterSeconds: number | undefined;

	constructor(message: string, options: { isRetryable?: boolean; retryAfterSeconds?: number | undefined; cause?: unknown } = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = 'ModelFailure';
		this.isRetryable = options.isRetryable ?? false;
		this.retryAfterSeconds = options.retryAfterSeconds;
	}
}
