/** Work for the box's own model that nobody waits for: done one piece at a time while nobody calls, given up when somebody does. */

import type { Logger } from 'pino';
import type { Clock, LocalEngine } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';

export interface IdleSources {
	readonly engine: LocalEngine;
	readonly clock: Clock;
	readonly log: Pick<Logger, 'debug'>;
	/** Calls that are served now. */
	readonly runningCalls: () => number;
	/** The machine has room for work that nobody waits for. */
	readonly hasRoom: () => boolean;
}

/** Ends at its signal; what it throws is noted and forgotten. */
export type IdleTask = (signal: AbortSignal) => Promise<void>;

/** Of one kind of work; the newest tell most, and memory is short. */
const MOST_WAITING = 4;

interface Piece {
	readonly kind: string;
	readonly task: IdleTask;
	/** Of two that are the same, one waits. */
	readonly key: string | undefined;
}

export class IdleWork {
	readonly #sources: IdleSources;
	#idleMs: number;
	#waiting: Piece[] = [];
	#timer: NodeJS.Timeout | undefined;
	#abort: AbortController | undefined;
	#quietSinceMs = 0;
	#isStopped = false;
	/** Pieces that ended early because somebody called. */
	givenUp = 0;

	constructor(idleMs: number, sources: IdleSources) {
		this.#idleMs = idleMs;
		this.#sources = sources;
	}

	/** How long nobody may have called before anything begins. */
	configure(idleMs: number): void {
		this.#idleMs = idleMs;
	}

	/** Whether a call that comes in has to say so. */
	get hasWork(): boolean {
		return this.#abort !== undefined || this.#waiting.length > 0;
	}

	offer(kind: string, task: IdleTask, key?: string): void {
		this.#quietSinceMs = this.#sources.clock.nowMs();
		if (key !== undefined && this.#waiting.some((one) => one.key === key)) return;
		this.#waiting.push({ kind, task, key });
		const own = this.#waiting.filter((one) => one.kind === kind);
		if (own.length > MOST_WAITING) this.#waiting = this.#waiting.filter((one) => one !== own[0]);
		this.#plan();
	}

	/** Lets go of what waits. */
	drop(kind: string): void {
		this.#waiting = this.#waiting.filter((one) => one.kind !== kind);
	}

	/** A call came in: whatever nobody waits for ends at once. */
	giveWay(): void {
		this.#quietSinceMs = this.#sources.clock.nowMs();
		if (this.#abort === undefined || this.#abort.signal.aborted) return;
		this.givenUp += 1;
		this.#abort.abort();
	}

	stop(): void {
		this.#isStopped = true;
		clearTimeout(this.#timer);
		this.#abort?.abort();
	}

	#plan(): void {
		if (this.#timer !== undefined || this.#abort !== undefined || this.#waiting.length === 0 || this.#isStopped) return;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			void this.#work().finally(() => this.#plan());
		}, this.#idleMs).unref();
	}

	#isQuiet(): boolean {
		const { clock, engine, runningCalls, hasRoom } = this.#sources;
		const { state, busySlots, queued } = engine.status();
		if (clock.nowMs() - this.#quietSinceMs < this.#idleMs || runningCalls() > 0) return false;
		return state === 'ready' && busySlots + queued === 0 && hasRoom();
	}

	async #work(): Promise<void> {
		if (!this.#isQuiet()) return;
		const next = this.#waiting.pop();
		if (next === undefined) return;
		const abort = new AbortController();
		this.#abort = abort;
		try {
			await next.task(abort.signal);
		} catch (error) {
			// Who called meanwhile came first; it is tried again in the next quiet.
			if (abort.signal.aborted) this.#waiting.push(next);
			else this.#sources.log.debug({ err: Problem.from(error) }, `idle work failed: ${next.kind}`);
		} finally {
			this.#abort = undefined;
		}
	}
}
