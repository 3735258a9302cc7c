/** The calls being served: how many there may be, how long one may live, and how they end when the box stops. */

import { Problem } from '../protocol/problem.ts';

export interface RunningCall {
	readonly abort: AbortController;
	/** Idempotent. */
	end(): void;
}

export class RunningCalls {
	/** Each with the monotonic ms at which its time is up. */
	private readonly open = new Map<AbortController, number>();
	private onEmpty: (() => void) | undefined;
	private sweep: NodeJS.Timeout | undefined;
	/** True from the first word of a stop. */
	isStopping = false;

	get count(): number {
		return this.open.size;
	}

	/** Throws `rate-limited` beyond `mostCalls` and `shutting-down` during a stop. */
	begin(mostCalls: number, lifeMs: number): RunningCall {
		if (this.isStopping) throw stopping();
		if (this.open.size >= mostCalls)
			throw new Problem('rate-limited', `The box serves ${mostCalls} calls at once and all are taken. Try again in a moment.`, {
				isRetryable: true,
				retryAfterSeconds: 1,
			});
		const abort = new AbortController();
		this.open.set(abort, performance.now() + lifeMs);
		// One timer for all: a timer a call costs more than all the rest of this class.
		this.sweep ??= setInterval(() => this.endOld(), SWEEP_MS).unref();
		const end = () => {
			if (this.open.delete(abort) && this.open.size === 0) this.onEmpty?.();
		};
		return { abort, end };
	}

	private endOld(): void {
		const nowMs = performance.now();
		for (const [abort, endMs] of this.open) if (endMs <= nowMs) abort.abort(tooLong());
	}

	/** Takes no new calls; waits for the running ones up to `patienceMs`, then cancels them and waits until they have said so. */
	async stop(patienceMs: number): Promise<void> {
		this.isStopping = true;
		const isEmpty = await this.isEmptyWithin(patienceMs);
		clearInterval(this.sweep);
		if (isEmpty) return;
		for (const abort of this.open.keys()) abort.abort(stopping());
		await this.isEmptyWithin(LAST_WORDS_MS);
	}

	private isEmptyWithin(ms: number): Promise<boolean> {
		if (this.open.size === 0) return Promise.resolve(true);
		return new Promise((resolve) => {
			const timer = setTimeout(() => resolve(false), ms);
			this.onEmpty = () => {
				clearTimeout(timer);
				resolve(true);
			};
		});
	}
}

/** A call may live this much longer than it should. */
const SWEEP_MS = 500;

const tooLong = () => new Problem('upstream-timeout', 'The call took longer than server.limits.callTimeoutMs allows.');

/** A canceled call only has to write its last event and settle. */
const LAST_WORDS_MS = 2_000;

const stopping = () =>
	new Problem('shutting-down', 'The box is stopping. Try again in a minute.', { isRetryable: true, retryAfterSeconds: 30 });
