/** The local engine while its model file is still on the way: it says so, and is the real one from then on. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { EngineStatus, LocalEngine, LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';

export interface AwaitedEngineOptions {
	/** Resolves to undefined when there is no file to be had; must not reject. */
	readonly modelFile: Promise<string | undefined>;
	/** Makes the engine that loads the file. */
	readonly create: (modelFile: string) => LocalEngine;
	/** Name of the model that is waited for. */
	readonly model: string;
	readonly slots: number;
	/** Called once when the engine is closed before the file is there. */
	readonly giveUp: () => void;
}

export function createAwaitedEngine(options: AwaitedEngineOptions): LocalEngine {
	return new AwaitedEngine(options);
}

class AwaitedEngine implements LocalEngine {
	readonly #options: AwaitedEngineOptions;
	readonly #settled: Promise<void>;
	#engine: LocalEngine | undefined;
	#isMissing = false;
	#isClosed = false;
	#mostSlots: number | undefined;

	constructor(options: AwaitedEngineOptions) {
		this.#options = options;
		this.#settled = options.modelFile.then((file) => {
			if (file === undefined) this.#isMissing = true;
			else if (!this.#isClosed) this.#take(options.create(file));
		});
	}

	status(): EngineStatus {
		return this.#engine?.status() ?? this.#waitingStatus();
	}

	async countTokens(conversation: Conversation, signal: AbortSignal): Promise<number> {
		return await this.#real().countTokens(conversation, signal);
	}

	answer(request: LocalRequest): AsyncIterable<StreamPart> {
		return this.#real().answer(request);
	}

	limitSlots(most: number | undefined): void {
		this.#mostSlots = most;
		this.#engine?.limitSlots?.(most);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		if (this.#engine === undefined && !this.#isMissing) this.#options.giveUp();
		await this.#settled;
		await this.#engine?.close();
	}

	#take(engine: LocalEngine): void {
		this.#engine = engine;
		if (this.#mostSlots !== undefined) engine.limitSlots?.(this.#mostSlots);
	}

	#real(): LocalEngine {
		if (this.#engine !== undefined) return this.#engine;
		const { state, detail } = this.#waitingStatus();
		throw new Problem('local-failed', `The local engine is ${state}: ${detail}.`, { isRetryable: !this.#isMissing });
	}

	#waitingStatus(): EngineStatus {
		const { model, slots } = this.#options;
		return {
			state: this.#isMissing ? 'absent' : 'starting',
			detail: this.#isMissing ? `the file of ${model} is not there and could not be fetched` : `the file of ${model} is being fetched`,
			model: undefined,
			contextTokens: 0,
			slots,
			busySlots: 0,
			queued: 0,
			rates: undefined,
			ratesByDepth: [],
			build: 'prebuilt',
			kvCache: undefined,
			kvCacheReason: undefined,
			rssBytes: undefined,
		};
	}
}
