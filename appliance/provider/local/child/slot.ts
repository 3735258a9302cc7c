/** One sequence of the context: what it holds, and how a prompt is brought into it. */

import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { Measurement } from '../messages.ts';
import type { Ring } from '../prefix/ring.ts';
import { type SlotView, sharedPrefix } from './slot-choice.ts';

/** Thrown between two chunks or tokens once the caller has gone. */
export class Canceled extends Error {}

export interface PrefillOptions {
	/** Most tokens of the next step. */
	readonly chunkTokens: () => number;
	readonly isCanceled: () => boolean;
	readonly onMeasured: (measurement: Measurement) => void;
	/** Depths at which a step ends, ascending, and what is done there. */
	readonly stops?: readonly number[];
	readonly atStop?: (depth: number) => Promise<void>;
}

export class Slot implements SlotView {
	readonly number: number;
	readonly sequence: LlamaContextSequence;
	/** Undefined for models without sliding windows. */
	readonly ring: Ring | undefined;
	isBusy = false;
	/** Its prompt is being read. */
	isReading = false;
	affinityKey: string | undefined;
	/** Member whose call ran here last: what stands here may hold its text. */
	owner = '';
	lastUse = 0;

	constructor(number: number, sequence: LlamaContextSequence, ring: Ring | undefined) {
		this.number = number;
		this.sequence = sequence;
		this.ring = ring;
	}

	get tokens(): readonly Token[] {
		return this.sequence.contextTokens;
	}

	/** Evaluates the tokens of `body` that are not in the cache yet, chunk by chunk. */
	async prefill(body: readonly Token[], options: PrefillOptions): Promise<void> {
		let at = this.sequence.nextTokenIndex;
		while (at < body.length) {
			if (options.isCanceled()) throw new Canceled();
			const end = this.#stepEnd(at, body.length, options);
			const startedMs = performance.now();
			await this.evaluate(body.slice(at, end));
			options.onMeasured({ kind: 'prefill', depthTokens: at, tokens: end - at, durationMs: performance.now() - startedMs });
			at = end;
			if (options.stops?.includes(at) === true) await options.atStop?.(at);
		}
		if (options.isCanceled()) throw new Canceled();
	}

	/** Steps end where they would had all of the prompt been read: what is found in the cache changes no later step. */
	#stepEnd(at: number, bodyTokens: number, { chunkTokens, stops }: PrefillOptions): number {
		const size = chunkTokens();
		const stop = stops?.find((one) => one > at) ?? bodyTokens;
		return Math.min(at - (at % size) + size, stop, bodyTokens);
	}

	async evaluate(tokens: readonly Token[]): Promise<void> {
		await this.sequence.evaluateWithoutGeneratingNewTokens([...tokens]);
		this.ring?.grown(this.sequence.nextTokenIndex);
	}

	/** Drops everything behind the shared prefix. @returns how many tokens are left, which can be fewer than were shared. */
	async align(tokens: readonly Token[]): Promise<number> {
		const held = this.sequence.nextTokenIndex;
		this.ring?.grown(held);
		return await this.keep(sharedPrefix(this.tokens, tokens));
	}

	/** Drops everything behind `cut`; everything, where a sliding window would not be whole. @returns what is left */
	async keep(cut: number): Promise<number> {
		const held = this.sequence.nextTokenIndex;
		const kept = this.ring === undefined || this.ring.isWhole(cut) ? cut : 0;
		if (kept < held) await this.sequence.eraseContextTokenRanges([{ start: kept, end: held }]);
		const left = this.sequence.nextTokenIndex;
		if (left === 0) this.ring?.cleared();
		else if (left < held) this.ring?.rolledBack(left, held);
		return left;
	}

	/** How many of `shared` tokens can stay as a fresh run would have them. */
	keepable(shared: number): number {
		const held = this.sequence.nextTokenIndex;
		this.ring?.grown(held);
		return this.ring === undefined || this.ring.canKeep(shared, held) ? shared : 0;
	}
}
