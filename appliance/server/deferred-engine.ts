/** The local engine of a box that serves before its model's file is there: starting until then, the real engine from then on. */

import type { Conversation } from '../protocol/conversation.ts';
import type { EngineStatus, LocalEngine, LocalRequest } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { StreamPart } from '../protocol/stream.ts';

/** `start` brings the file and begins to load it; where it rejects, the engine has failed and says why. */
export class DeferredEngine implements LocalEngine {
	private engine: LocalEngine | undefined;
	private failure: string | undefined;
	private isClosed = false;
	private readonly started: Promise<void>;

	constructor(start: () => Promise<LocalEngine>) {
		this.started = start().then(
			(engine) => this.take(engine),
			(error: unknown) => {
				this.failure = Problem.from(error).message;
			},
		);
	}

	status(): EngineStatus {
		return this.engine?.status() ?? statusWithout(this.failure);
	}

	countTokens(conversation: Conversation, signal: AbortSignal): Promise<number> {
		return this.engine?.countTokens(conversation, signal) ?? Promise.reject(this.notThere());
	}

	answer(request: LocalRequest): AsyncIterable<StreamPart> {
		if (this.engine === undefined) throw this.notThere();
		return this.engine.answer(request);
	}

	/** Does not wait for a file that is still on its way. */
	async close(): Promise<void> {
		this.isClosed = true;
		if (this.engine !== undefined || this.failure !== undefined) await this.started;
		await this.engine?.close();
	}

	private async take(engine: LocalEngine): Promise<void> {
		if (this.isClosed) await engine.close();
		else this.engine = engine;
	}

	private notThere(): Problem {
		return new Problem('local-failed', this.failure ?? 'The local model is not here yet.', { isRetryable: true });
	}
}

function statusWithout(failure: string | undefined): EngineStatus {
	return {
		state: failure === undefined ? 'starting' : 'failed',
		detail: failure ?? 'the model file is on its way',
		model: undefined,
		contextTokens: 0,
		slots: 0,
		busySlots: 0,
		queued: 0,
		rates: undefined,
		ratesByDepth: [],
		build: 'prebuilt',
		rssBytes: undefined,
	};
}
