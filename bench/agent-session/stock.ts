/** Plain node-llama-cpp under the same prompts: one sequence a session while there are enough, the longest unused one after that. */

import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

export class Stock {
	readonly #model: LlamaModel;
	readonly #free: LlamaContextSequence[];
	/** By session, in the order of their last use. */
	readonly #sessions = new Map<string, LlamaContextSequence>();
	readonly close: () => Promise<void>;

	private constructor(model: LlamaModel, sequences: LlamaContextSequence[], close: () => Promise<void>) {
		this.#model = model;
		this.#free = sequences;
		this.close = close;
	}

	static async open(modelPath: string, contextTokens: number, slots: number, threads: number): Promise<Stock> {
		const llama = await getLlama({ build: 'never', gpu: false, logLevel: LlamaLogLevel.error, progressLogs: false });
		const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
		const context = await model.createContext({ contextSize: contextTokens, sequences: slots, threads, flashAttention: true });
		return new Stock(
			model,
			Array.from({ length: slots }, () => context.getSequence()),
			() => llama.dispose(),
		);
	}

	/** @returns tokens computed for the prompt, and the time it took */
	async read(session: string, prompt: string): Promise<{ readonly computedTokens: number; readonly ms: number }> {
		const sequence = this.#sequenceOf(session);
		const tokens: Token[] = this.#model.tokenize(prompt, true);
		const startedMs = performance.now();
		await sequence.adaptStateToTokens(tokens, false);
		const rest = tokens.slice(sequence.nextTokenIndex);
		if (rest.length > 0) await sequence.evaluateWithoutGeneratingNewTokens(rest);
		return { computedTokens: rest.length, ms: performance.now() - startedMs };
	}

	#sequenceOf(session: string): LlamaContextSequence {
		const [oldest] = this.#sessions;
		const sequence = this.#sessions.get(session) ?? this.#free.pop() ?? oldest?.[1];
		if (sequence === undefined) throw new Error('there is no sequence');
		if (!this.#sessions.has(session) && oldest !== undefined && sequence === oldest[1]) this.#sessions.delete(oldest[0]);
		this.#sessions.delete(session);
		this.#sessions.set(session, sequence);
		return sequence;
	}
}
