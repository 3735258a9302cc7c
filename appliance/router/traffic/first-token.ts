/** How soon a deployment begins to answer, learned from the calls that it answered. */

import type { Call } from '../../protocol/call.ts';

/**
 * A stream's first token says how busy the upstream is, whatever the answer's length. A reply that comes whole begins
 * when it is finished, so those are compared only with others of about their size.
 */
export const OUTPUT_CLASSES = ['stream', 'short', 'medium', 'long'] as const;
export type OutputClass = (typeof OUTPUT_CLASSES)[number];

const SHORT_TOKENS = 512;
const MEDIUM_TOKENS = 4_096;

/** By what is known before the answer: its cap. */
export function outputClassOf({
	isStream,
	outputCapTokens = Number.POSITIVE_INFINITY,
}: Pick<Call, 'isStream' | 'outputCapTokens'>): OutputClass {
	if (isStream) return 'stream';
	if (outputCapTokens <= SHORT_TOKENS) return 'short';
	return outputCapTokens <= MEDIUM_TOKENS ? 'medium' : 'long';
}

/** Later calls count more: after ten, the eleventh before them is a tenth of the figure. */
const EWMA_WEIGHT = 0.2;
/** What was slow so long ago may be fast again: it is asked anew. */
const STALE_MS = 300_000;

interface Figure {
	readonly ms: number;
	readonly atMs: number;
}

export class FirstTokenTimes {
	readonly #figures = new Map<OutputClass, Figure>();

	note(output: OutputClass, ms: number, nowMs: number): void {
		const before = this.#figures.get(output);
		const isFresh = before !== undefined && nowMs - before.atMs < STALE_MS;
		this.#figures.set(output, { ms: isFresh ? before.ms + EWMA_WEIGHT * (ms - before.ms) : ms, atMs: nowMs });
	}

	/** Undefined where nothing was measured lately. */
	expectedMs(output: OutputClass, nowMs: number): number | undefined {
		const figure = this.#figures.get(output);
		return figure !== undefined && nowMs - figure.atMs < STALE_MS ? figure.ms : undefined;
	}
}
