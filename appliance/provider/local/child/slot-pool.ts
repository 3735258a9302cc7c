/** The slots of the context: the one worth most to a prompt is taken, and given back when its call is over. */

import type { LlamaContext, Token } from 'node-llama-cpp';
import { Ring } from '../prefix/ring.ts';
import { Slot } from './slot.ts';
import { chooseSlot } from './slot-choice.ts';

/** What sliding windows need is kept by the prefix cache, for all slots together. */
const NO_CHECKPOINTS = { max: 0, interval: false } as const;

export interface WindowSize {
	readonly windowTokens: number;
	/** Of its cache, for one slot. */
	readonly cells: number;
}

export class SlotPool {
	readonly all: readonly Slot[];
	#uses = 0;

	/** @param window undefined for models that see everything in every layer */
	constructor(context: LlamaContext, window: WindowSize | undefined) {
		this.all = Array.from({ length: context.totalSequences }, (_, number) => {
			const ring = window === undefined ? undefined : new Ring(window.windowTokens, window.cells);
			return new Slot(number, context.getSequence({ checkpoints: NO_CHECKPOINTS }), ring);
		});
	}

	get busy(): number {
		return this.all.filter(({ isBusy }) => isBusy).length;
	}

	/** The service sends no more calls than there are slots: undefined means that it did. */
	take(prompt: readonly Token[], affinityKey: string): Slot | undefined {
		const slot = this.all[chooseSlot(this.all, prompt, affinityKey)];
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
