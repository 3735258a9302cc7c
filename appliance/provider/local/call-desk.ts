/** Takes calls for the engine child: a bounded fair queue in front of its slots, and what became of each. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { Clock, EngineStatus, LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { FairQueue } from './fair-queue.ts';
import { Job } from './job.ts';
import type { FromChild, ToChild } from './messages.ts';
import { PartChannel } from './part-channel.ts';
import { RateTable } from './rates.ts';

export interface CallDeskOptions {
	readonly slots: number;
	readonly queueLength: number;
	readonly clock: Clock;
	/** True while the child takes calls. */
	readonly isReady: () => boolean;
	readonly send: (message: ToChild) => void;
	/** Nothing runs or waits any more. */
	readonly onIdle: () => void;
}

/** Depth at which the one pair of rates for estimates is read: an agent's usual prompt on the box. */
const USUAL_DEPTH_TOKENS = 2_048;
/** Until a prompt was measured. */
const USUAL_BYTES_PER_TOKEN = 3.5;
const LONGEST_RETRY_SECONDS = 120;

export class CallDesk {
	readonly #options: CallDeskOptions;
	readonly #queue: FairQueue<Job>;
	readonly #running = new Map<number, Job>();
	readonly #counts = new Map<number, PromiseWithResolvers<number>>();
	readonly #rates = new RateTable();
	#lastJob = 0;
	#mostSlots: number | undefined;

	constructor(options: CallDeskOptions) {
		this.#options = options;
		this.#queue = new FairQueue(options.queueLength);
	}

	get isIdle(): boolean {
		return this.#running.size === 0 && this.#queue.size === 0 && this.#counts.size === 0;
	}

	status(): Pick<EngineStatus, 'busySlots' | 'queued' | 'rates' | 'ratesByDepth'> {
		return { busySlots: this.#running.size, queued: this.#queue.size, rates: this.#summary(), ratesByDepth: this.#rates.byDepth() };
	}

	limitSlots(most: number | undefined): void {
		this.#mostSlots = most;
		this.dispatch();
	}

	/** Sends the call at once, or lets it wait. @throws Problem `local-busy` when the queue is full */
	accept(request: LocalRequest): { readonly channel: PartChannel; readonly cancel: () => void } {
		const cancel = (): void => this.#cancel(job);
		const channel = new PartChannel(cancel);
		const job = new Job(this.#nextJob(), request, channel);
		if (this.#hasFreeSlot() && this.#queue.size === 0) this.#run(job);
		else if (!this.#queue.push(request.memberId, job)) throw this.#busy();
		return { channel, cancel };
	}

	async count(conversation: Conversation, signal: AbortSignal): Promise<number> {
		const job = this.#nextJob();
		const count = Promise.withResolvers<number>();
		const cancel = (): void => count.reject(canceled());
		this.#counts.set(job, count);
		signal.addEventListener('abort', cancel, { once: true });
		if (signal.aborted) cancel();
		else this.#options.send({ type: 'count', job, conversation });
		try {
			return await count.promise;
		} finally {
			signal.removeEventListener('abort', cancel);
			this.#counts.delete(job);
			this.#restIfIdle();
		}
	}

	/** Fills the free slots from the queue. */
	dispatch(): void {
		while (this.#hasFreeSlot()) {
			const next = this.#queue.shift();
			if (next === undefined) return;
			this.#run(next.value);
		}
	}

	receive(message: FromChild): void {
		switch (message.type) {
			case 'measured':
				this.#rates.measure(message.measurement);
				break;
			case 'prompt-size':
				this.#rates.measurePrompt(message.bytes, message.tokens);
				break;
			case 'part':
				this.#running.get(message.job)?.push(message.part);
				break;
			case 'counted':
				this.#counts.get(message.job)?.resolve(message.tokens);
				break;
			case 'ended':
				this.#leave(message.job, undefined);
				break;
			case 'failed':
				this.#leave(message.job, toProblem(message.problem));
		}
	}

	/** The child is gone with all that it was doing; what waits goes on waiting. */
	lose(reason: string): void {
		const lost = new Problem('local-failed', `The local engine stopped while it worked on this call: ${reason}.`, { isRetryable: true });
		for (const job of this.#running.values()) job.channel.fail(lost);
		for (const count of this.#counts.values()) count.reject(lost);
		this.#running.clear();
	}

	failWaiting(problem: Problem): void {
		for (const job of this.#queue.drain()) job.channel.fail(problem);
	}

	#nextJob(): number {
		this.#lastJob += 1;
		return this.#lastJob;
	}

	#hasFreeSlot(): boolean {
		return this.#options.isReady() && this.#running.size < this.#slots;
	}

	get #slots(): number {
		return Math.min(this.#options.slots, this.#mostSlots ?? this.#options.slots);
	}

	#run(job: Job): void {
		job.startedAtMs = this.#options.clock.nowMs();
		this.#running.set(job.number, job);
		this.#options.send({ type: 'answer', job: job.number, request: job.childRequest() });
	}

	#cancel(job: Job): void {
		const isQueued = this.#queue.remove(job.request.memberId, job);
		// The slot stays taken until the child says that it let go.
		if (!isQueued && this.#running.has(job.number)) this.#options.send({ type: 'cancel', job: job.number });
		job.channel.fail(canceled());
		this.#restIfIdle();
	}

	/** The child is done with a call or a count: its slot is free. */
	#leave(number: number, problem: Problem | undefined): void {
		if (problem !== undefined) this.#counts.get(number)?.reject(problem);
		const job = this.#running.get(number);
		if (job === undefined) return;
		this.#running.delete(number);
		if (problem === undefined) job.channel.end();
		else job.channel.fail(problem);
		this.dispatch();
		this.#restIfIdle();
	}

	#restIfIdle(): void {
		if (this.isIdle) this.#options.onIdle();
	}

	#summary(): EngineStatus['rates'] {
		const prefillTokensPerSecond = this.#rates.rate('prefill', USUAL_DEPTH_TOKENS);
		const decodeTokensPerSecond = this.#rates.rate('decode', USUAL_DEPTH_TOKENS);
		if (prefillTokensPerSecond === undefined || decodeTokensPerSecond === undefined) return undefined;
		return { prefillTokensPerSecond, decodeTokensPerSecond, queueMs: this.#queueMs(), bytesPerToken: this.#bytesPerToken() };
	}

	#bytesPerToken(): number {
		return this.#rates.bytesPerToken ?? USUAL_BYTES_PER_TOKEN;
	}

	/** What runs and waits, shared over the slots; 0 when a slot is free. */
	#queueMs(): number {
		const { clock } = this.#options;
		const slots = this.#slots;
		if (this.#running.size < slots && this.#queue.size === 0) return 0;
		const nowMs = clock.nowMs();
		let workMs = 0;
		for (const job of [...this.#running.values(), ...this.#queue]) workMs += job.remainingMs(this.#rates, this.#bytesPerToken(), nowMs);
		return Math.round(workMs / slots);
	}

	#busy(): Problem {
		const seconds = Math.ceil(this.#queueMs() / 1_000);
		return new Problem('local-busy', `The local model is busy: ${this.#queue.size} calls wait already.`, {
			isRetryable: true,
			retryAfterSeconds: Math.min(LONGEST_RETRY_SECONDS, Math.max(1, seconds)),
		});
	}
}

function canceled(): Problem {
	return new Problem('canceled', 'The call was canceled.');
}

function toProblem({ code, message, isRetryable, details }: Extract<FromChild, { type: 'failed' }>['problem']): Problem {
	return new Problem(code, message, { isRetryable, details });
}
