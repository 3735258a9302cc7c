/** Repairs rollback in models with a sliding window: node-llama-cpp keeps states whose window was already overwritten. */

import type { LlamaContext } from 'node-llama-cpp';

/** The part of the library's native context that this repair touches. */
interface NativeContext {
	getSequenceKvCacheMinPosition(sequenceId: number): number;
}

/**
 * A sliding-window cache holds the cells [min, next). The library rolls back to any position above `min`; but the next
 * token there looks back a whole window, so cells from (position − window) on must be left: llama.cpp's own server demands
 * the same. With the repaired answer the library restores a checkpoint, or evaluates again, where logits would be wrong.
 */
export function repairSlidingWindow(context: LlamaContext, windowTokens: number | undefined): void {
	if (windowTokens === undefined || windowTokens <= 0) return;
	const native = (context as unknown as { readonly _ctx: NativeContext })._ctx;
	const readMinPosition = native.getSequenceKvCacheMinPosition.bind(native);
	// The native prototype is read-only: the repaired method is the object's own.
	Object.defineProperty(native, 'getSequenceKvCacheMinPosition', {
		value: (sequenceId: number) => safeRollbackFloor(readMinPosition(sequenceId), windowTokens),
	});
}

/** Rolling back to a position above this one leaves a whole window; 0 when nothing was overwritten yet. */
export function safeRollbackFloor(minPosition: number, windowTokens: number): number {
	return minPosition <= 0 ? minPosition : minPosition + windowTokens;
}
