/** One sequence of the context: what it holds, and how a prompt is brought into it. */

import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { Measurement } from '../messages.ts';
import type { SlotView } from './slot-choice.ts';

/** Thrown between two chunks or tokens once the caller has gone. */
export class Canceled extends Error {}

export interface PrefillOptions {
	readonly chunkTokens: number;
	readonly isCanceled: () => boolean;
	readonly onMeasured: (measurement: Measurement) => void;
}

export class Slot implements SlotView {
	readonly sequence: LlamaContextSequence;
	isBusy = false;
	affinityKey: string | undefined;
	lastUse = 0;

	constructor(sequence: LlamaContextSequence) {
		this.sequence = sequence;
	}

	get tokens(): readonly Token[] {
		return this.sequence.contextTokens;
	}

	/**
	 * Keeps what the slot shares with the prompt and evaluates the rest but its last token, chunk by chunk.
	 * @returns the number of tokens found in the cache.
	 */
	async prefill(prompt: readonly Token[], checkpointAt: number, options: PrefillOptions): Promise<number> {
		// The last token is always evaluated anew: its logits begin the reply.
		const body = prompt.slice(0, -1);
		const cached = await this.align(body);
		let at = cached;
		while (at < body.length) {
			if (options.isCanceled()) throw new Canceled();
			const isBeforeCheckpoint = at < checkpointAt && checkpointAt < body.length;
			const end = Math.min(at + options.chunkTokens, isBeforeCheckpoint ? checkpointAt : body.length);
			const startedMs = performance.now();
			await this.sequence.evaluateWithoutGeneratingNewTokens(body.slice(at, end));
			options.onMeasured({ kind: 'prefill', depthTokens: at, tokens: end - at, durationMs: performance.now() - startedMs });
			at = end;
			if (at === checkpointAt || at === body.length) await this.sequence.takeCheckpoint();
		}
		if (options.isCanceled()) throw new Canceled();
		return cached;
	}

	/** Drops everything behind the shared prefix. @returns how many tokens are left, which can be fewer than were shared. */
	async align(tokens: readonly Token[]): Promise<number> {
		await this.sequence.adaptStateToTokens([...tokens], false);
		return this.sequence.nextTokenIndex;
	}
}
