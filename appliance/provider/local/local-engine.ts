/** The local engine as the service sees it: a desk that takes calls, in front of a supervised child that answers them. */

import { existsSync } from 'node:fs';
import type { KvCacheChoice } from '../../config/schema.ts';
import type { Conversation } from '../../protocol/conversation.ts';
import type { Clock, EngineStatus, LocalEngine, LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { CallDesk } from './call-desk.ts';
import { EngineSupervisor, type LogPort } from './engine-supervisor.ts';
import type { EngineSettings, PrefixSettings } from './messages.ts';
import { modelNameOf } from './model-name.ts';
import { OwnBuildTaker } from './own-build-taker.ts';

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
	/** Longest pause of a running answer while another prompt is read; default 2 s. */
	readonly mostStallMs?: number;
	/** Undefined keeps prefixes in memory only. */
	readonly prefix?: PrefixSettings;
	/**
	 * Makes or finds an own build in the background; called once, after the model is ready. Resolves with the folder of a
	 * node-llama-cpp that loads it, which is taken over as soon as nothing runs. Undefined keeps the prebuilt engine.
	 */
	readonly obtainOwnBuild?: (signal: AbortSignal) => Promise<string>;
	readonly kvCache?: KvCacheChoice;
	/** The calibration that is good for the model now, asked at every start of the child. */
	readonly findCalibration?: () => string | undefined;
	readonly log: LogPort;
	readonly clock: Clock;
}

/** Returns at once, in state `starting`; the model is loaded by the child. */
export function createLocalEngine(options: LocalEngineOptions): LocalEngine & { readonly childPid: number | undefined } {
	return new SupervisedEngine(options);
}

class SupervisedEngine implements LocalEngine {
	readonly #options: LocalEngineOptions;
	readonly #supervisor: EngineSupervisor | undefined;
	readonly #absence: string | undefined;
	readonly #desk: CallDesk;
	readonly #ownBuild: OwnBuildTaker | undefined;

	constructor(options: LocalEngineOptions) {
		this.#options = options;
		const { modelPath, slots, queueLength, clock, log, obtainOwnBuild } = options;
		this.#desk = new CallDesk({
			slots,
			queueLength,
			clock,
			isReady: () => this.#supervisor?.state === 'ready',
			send: (message) => this.#supervisor?.send(message),
			onIdle: () => this.#ownBuild?.takeWhenIdle(),
		});
		this.#absence = absenceOf(modelPath);
		if (modelPath === undefined || this.#absence !== undefined) return;
		const { contextTokens, threads, prefillChunkTokens, mostStallMs, prefix } = options;
		const { kvCache = 'auto', findCalibration = () => undefined } = options;
		const settings: EngineSettings = {
			...{ modelPath, build: { kind: 'prebuilt' }, slots, contextTokens, threads, prefillChunkTokens, kvCache },
			kvCalibrationFile: undefined,
			...(mostStallMs === undefined ? {} : { mostStallMs }),
			...(prefix === undefined ? {} : { prefix }),
		};
		const supervisor = new EngineSupervisor(settings, findCalibration, log, clock, {
			onReady: () => this.#becomeReady(),
			onLost: (reason) => this.#desk.lose(reason),
			onFailed: (reason) => this.#desk.failWaiting(failed(`does not run: ${reason}`)),
			onMessage: (message) => this.#desk.receive(message),
		});
		this.#supervisor = supervisor;
		if (obtainOwnBuild !== undefined) {
			this.#ownBuild = new OwnBuildTaker({ obtain: obtainOwnBuild, supervisor, isIdle: () => this.#desk.isIdle, log });
		}
		supervisor.start();
	}

	get childPid(): number | undefined {
		return this.#supervisor?.pid;
	}

	status(): EngineStatus {
		const supervisor = this.#supervisor;
		const { modelPath, contextTokens, slots } = this.#options;
		return {
			...this.#desk.status(),
			state: supervisor === undefined ? 'absent' : supervisor.state === 'closed' ? 'failed' : supervisor.state,
			detail: this.#absence ?? supervisor?.detail,
			model: supervisor?.loaded?.model ?? (modelPath === undefined ? undefined : modelNameOf(modelPath)),
			contextTokens: supervisor?.loaded?.contextTokens ?? contextTokens ?? 0,
			slots,
			build: supervisor?.build.kind ?? 'prebuilt',
			kvCache: supervisor?.loaded?.kvCache,
			kvCacheReason: supervisor?.loaded?.kvCacheReason,
			rssBytes: supervisor?.rssBytes,
		};
	}

	async countTokens(conversation: Conversation, signal: AbortSignal): Promise<number> {
		if (this.#supervisor?.state !== 'ready') throw this.#notReady();
		return this.#desk.count(conversation, signal);
	}

	async *answer(request: LocalRequest): AsyncGenerator<StreamPart, void, void> {
		if (request.signal.aborted) throw new Problem('canceled', 'The call was canceled.');
		const state = this.#supervisor?.state;
		if (state === undefined || state === 'failed' || state === 'closed') throw this.#notReady();
		const { channel, cancel } = this.#desk.accept(request);
		request.signal.addEventListener('abort', cancel, { once: true });
		try {
			yield* channel;
		} finally {
			request.signal.removeEventListener('abort', cancel);
		}
	}

	limitSlots(most: number | undefined): void {
		this.#desk.limitSlots(most);
	}

	async close(): Promise<void> {
		this.#ownBuild?.close();
		this.#desk.failWaiting(new Problem('shutting-down', 'The local engine is shutting down.'));
		await this.#supervisor?.close();
	}

	#becomeReady(): void {
		this.#desk.dispatch();
		this.#ownBuild?.ask();
		this.#ownBuild?.takeWhenIdle();
	}

	#notReady(): Problem {
		const { state, detail } = this.status();
		return failed(`is ${state}${detail === undefined ? '' : `: ${detail}`}`);
	}
}

function failed(what: string): Problem {
	return new Problem('local-failed', `The local engine ${what}.`, { isRetryable: true });
}

function absenceOf(modelPath: string | undefined): string | undefined {
	if (modelPath === undefined) return 'no local model is configured';
	return existsSync(modelPath) ? undefined : `there is no model file at ${modelPath}`;
}
