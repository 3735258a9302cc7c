/** The slots of the context: the one worth most to a prompt is taken, and given back when its call is over. */

import type { LlamaContext, Token } from 'node-llama-cpp';
import { Slot } from './slot.ts';
import { chooseSlot } from './slot-choice.ts';

/** For models with a sliding window: states to go back to, instead of evaluating a long prompt again. */
const CHECKPOINTS = { max: 6, interval: 8_192, maxMemory: 96 * 1024 * 1024 } as const;

export class SlotPool {
	readonly #slots: readonly Slot[];
	#uses = 0;

	constructor(context: LlamaContext) {
		this.#slots = Array.from({ length: context.totalSequences }, () => new Slot(context.getSequence({ checkpoints: CHECKPOINTS })));
	}

	/** The service sends no more calls than there are slots: undefined means that it did. */
	take(prompt: readonly Token[], affinityKey: string): Slot | undefined {
		const slot = this.#slots[chooseSlot(this.#slots, prompt, affinityKey)];
		if (slot === undefined) return undefined;
		this.#uses += 1;
		slot.isBusy = true;
		slot.affinityKey = affinityKey;
		slot.lastUse = this.#uses;
		return slot;
	}

	release(slot: Slot): void {
		slot.isBusy = false;
	}
}
