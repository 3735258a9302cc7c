/** The local engine as the service sees it: a bounded fair queue in front of the slots of a supervised child. */

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Conversation } from '../../protocol/conversation.ts';
import type { Clock, EngineStatus, LocalEngine, LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { EngineSupervisor, type LogPort } from './engine-supervisor.ts';
import { FairQueue } from './fair-queue.ts';
import { Job } from './job.ts';
import type { FromChild } from './messages.ts';
import { PartChannel } from './part-channel.ts';
import { RateTable } from './rates.ts';

export interface LocalEngineOptions {
	/** GGUF file; undefined when no model is configured or found: the engine is then `absent`. */
	readonly modelPath: string | undefined;
	/** Calls decoded at once. */
	readonly slots: number;
	/** Context of one slot; undefined takes what the model was trained for, at most 131072. */
	readonly contextTokens: number | undefined;
	/** Undefined takes all cores. */
	readonly threads: number | undefined;
	/** Calls that may wait; more are refused with `local-busy`. */
	readonly queueLength: number;
	/** Prompt tokens between two looks at aborts and at other slots. */
	readonly prefillChunkTokens: number;
	/**
	 * Makes or finds an own build in the background; called once, after the model is ready. Resolves with the folder of a
	 * node-llama-cpp that loads it, which is taken over as soon as nothing runs. Undefined keeps the prebuilt engine.
	 */
	readonly obtainOwnBuild?: (signal: AbortSignal) => Promise<string>;
	readonly log: LogPort;
	readonly clock: Clock;
}

/** Depth at which the one pair of rates for estimates is read: an agent's usual prompt on the box. */
const USUAL_DEPTH_TOKENS = 2_048;
/** Until a prompt was measured. */
const USUAL_BYTES_PER_TOKEN = 3.5;
const LONGEST_RETRY_SECONDS = 120;

/** Returns at once, in state `starting`; the model is loaded by the child. */
export function createLocalEngine(options: LocalEngineOptions): LocalEngine & { readonly childPid: number | undefined } {
	return new SupervisedEngine(options);
}

class SupervisedEngine implements LocalEngine {
	readonly #options: LocalEngineOptions;
	readonly #supervisor: EngineSupervisor | undefined;
	readonly #absence: string | undefined;
	readonly #queue: FairQueue<Job>;
	readonly #running = new Map<number, Job>();
	readonly #counts = new Map<number, PromiseWithResolvers<number>>();
	readonly #rates = new RateTable();
	readonly #closing = new AbortController();
	#ownBuild: 'unasked' | 'asked' | { readonly folder: string } | 'taken' = 'unasked';
	#lastJob = 0;

	constructor(options: LocalEngineOptions) {
		this.#options = options;
		this.#queue = new FairQueue(options.queueLength);
		const { modelPath } = options;
		this.#absence = absenceOf(modelPath);
		if (modelPath === undefined || this.#absence !== undefined) return;
		const { slots, contextTokens, threads, prefillChunkTokens, log, clock } = options;
		const settings = { modelPath, build: { kind: 'prebuilt' }, slots, contextTokens, threads, prefillChunkTokens } as const;
		this.#supervisor = new EngineSupervisor(settings, log, clock, {
			onReady: () => {
				this.#askForOwnBuild();
				this.#dispatch();
				this.#takeOverWhenIdle();
			},
			onLost: (reason) => this.#lose(reason),
			onFailed: (reason) => this.#failQueue(new Problem('local-failed', `The local engine does not run: ${reason}`, { isRetryable: true })),
			onMessage: (message) => this.#receive(message),
		});
		this.#supervisor.start();
	}

	get childPid(): number | undefined {
		return this.#supervisor?.pid;
	}

	status(): EngineStatus {
		const supervisor = this.#supervisor;
		const { modelPath } = this.#options;
		return {
			state: supervisor === undefined ? 'absent' : supervisor.state === 'closed' ? 'failed' : supervisor.state,
			detail: this.#absence ?? supervisor?.detail,
			model: supervisor?.loaded?.model ?? (modelPath === undefined ? undefined : basename(modelPath)),
			contextTokens: supervisor?.loaded?.contextTokens ?? this.#options.contextTokens ?? 0,
			slots: this.#options.slots,
			busySlots: this.#running.size,
			queued: this.#queue.size,
			rates: this.#summary(),
			ratesByDepth: this.#rates.byDepth(),
			build: supervisor?.build.kind ?? 'prebuilt',
			rssBytes: supervisor?.rssBytes,
		};
	}

	async countTokens(conversation: Conversation, signal: AbortSignal): Promise<number> {
		if (this.#supervisor?.state !== 'ready') throw this.#notReady();
		signal.throwIfAborted();
		const job = this.#nextJob();
		const count = Promise.withResolvers<number>();
		this.#counts.set(job, count);
		const cancel = (): void => count.reject(new Problem('canceled', 'The count was canceled.'));
		signal.addEventListener('abort', cancel, { once: true });
		this.#supervisor.send({ type: 'count', job, conversation });
		try {
			return await count.promise;
		} finally {
			signal.removeEventListener('abort', cancel);
			this.#counts.delete(job);
		}
	}

	async *answer(request: LocalRequest): AsyncGenerator<StreamPart, void, void> {
		if (request.signal.aborted) throw new Problem('canceled', 'The call was canceled.');
		const state = this.#supervisor?.state;
		if (state === undefined || state === 'failed' || state === 'closed') throw this.#notReady();
		const channel = new PartChannel(() => this.#cancel(job));
		const job = new Job(this.#nextJob(), request, channel, this.#options.clock.nowMs());
		if (this.#hasFreeSlot() && this.#queue.size === 0) this.#run(job);
		else if (!this.#queue.push(request.memberId, job)) throw this.#busy();
		const cancel = (): void => this.#cancel(job);
		request.signal.addEventListener('abort', cancel, { once: true });
		try {
			yield* channel;
		} finally {
			request.signal.removeEventListener('abort', cancel);
		}
	}

	async close(): Promise<void> {
		this.#closing.abort();
		this.#failQueue(new Problem('shutting-down', 'The local engine is shutting down.'));
		await this.#supervisor?.close();
	}

	#nextJob(): number {
		this.#lastJob += 1;
		return this.#lastJob;
	}

	#hasFreeSlot(): boolean {
		return this.#supervisor?.state === 'ready' && this.#running.size < this.#options.slots;
	}

	#dispatch(): void {
		while (this.#hasFreeSlot()) {
			const next = this.#queue.shift();
			if (next === undefined) return;
			this.#run(next.value);
		}
	}

	#askForOwnBuild(): void {
		const { obtainOwnBuild, log } = this.#options;
		if (obtainOwnBuild === undefined || this.#ownBuild !== 'unasked') return;
		this.#ownBuild = 'asked';
		obtainOwnBuild(this.#closing.signal).then(
			(folder) => {
				this.#ownBuild = { folder };
				this.#takeOverWhenIdle();
			},
			(error: unknown) => {
				if (!this.#closing.signal.aborted) log.warn({ err: error }, 'the own build of the engine failed: the prebuilt one stays');
			},
		);
	}

	/** Nothing is interrupted for a better build: it waits until nothing runs. */
	#takeOverWhenIdle(): void {
		const isIdle = this.#running.size === 0 && this.#queue.size === 0 && this.#counts.size === 0;
		if (typeof this.#ownBuild === 'string' || !isIdle || this.#supervisor?.state !== 'ready') return;
		const { folder } = this.#ownBuild;
		this.#ownBuild = 'taken';
		this.#options.log.info({ folder }, 'the engine takes its own build over');
		this.#supervisor.switchBuild({ kind: 'own', folder }).catch((error: unknown) => {
			this.#options.log.error({ err: error }, 'the own build could not be taken over');
		});
	}

	#run(job: Job): void {
		job.startedAtMs = this.#options.clock.nowMs();
		this.#running.set(job.number, job);
		this.#supervisor?.send({ type: 'answer', job: job.number, request: job.childRequest() });
	}

	#cancel(job: Job): void {
		const canceled = new Problem('canceled', 'The call was canceled.');
		const isQueued = this.#queue.remove(job.request.memberId, job);
		// The slot stays taken until the child says that it let go.
		if (!isQueued && this.#running.has(job.number)) this.#supervisor?.send({ type: 'cancel', job: job.number });
		job.channel.fail(canceled);
	}

	#receive(message: FromChild): void {
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

	/** The child is done with a call or a count: its slot is free. */
	#leave(number: number, problem: Problem | undefined): void {
		if (problem !== undefined) this.#counts.get(number)?.reject(problem);
		const job = this.#running.get(number);
		if (job === undefined) return;
		this.#running.delete(number);
		if (problem === undefined) job.channel.end();
		else job.channel.fail(problem);
		this.#dispatch();
		this.#takeOverWhenIdle();
	}

	#lose(reason: string): void {
		const lost = new Problem('local-failed', `The local engine stopped while it worked on this call: ${reason}.`, { isRetryable: true });
		for (const job of this.#running.values()) job.channel.fail(lost);
		for (const count of this.#counts.values()) count.reject(lost);
		this.#running.clear();
		this.#counts.clear();
	}

	#failQueue(problem: Problem): void {
		for (const job of this.#queue.drain()) job.channel.fail(problem);
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
		if (this.#running.size < this.#options.slots && this.#queue.size === 0) return 0;
		const nowMs = this.#options.clock.nowMs();
		let workMs = 0;
		for (const job of [...this.#running.values(), ...this.#queue]) workMs += job.remainingMs(this.#rates, this.#bytesPerToken(), nowMs);
		return Math.round(workMs / this.#options.slots);
	}

	#busy(): Problem {
		const seconds = Math.ceil(this.#queueMs() / 1_000);
		return new Problem('local-busy', `The local model is busy: ${this.#queue.size} calls wait already.`, {
			isRetryable: true,
			retryAfterSeconds: Math.min(LONGEST_RETRY_SECONDS, Math.max(1, seconds)),
		});
	}

	#notReady(): Problem {
		const { state, detail } = this.status();
		return new Problem('local-failed', `The local engine is ${state}${detail === undefined ? '' : `: ${detail}`}.`, { isRetryable: true });
	}
}

function absenceOf(modelPath: string | undefined): string | undefined {
	if (modelPath === undefined) return 'no local model is configured';
	return existsSync(modelPath) ? undefined : `there is no model file at ${modelPath}`;
}

function toProblem({ code, message, isRetryable, details }: Extract<FromChild, { type: 'failed' }>['problem']): Problem {
	return new Problem(code, message, { isRetryable, details });
}
