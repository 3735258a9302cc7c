/** A first measurement on the freshly loaded model, so that rates exist before the first call. */

import type { Measurement } from '../messages.ts';
import type { ChildEngine } from './child-engine.ts';
import { decodeTokens } from './decode.ts';

const PROMPT_TOKENS = 96;
/** One measurement of decoding needs sixteen tokens and the one before them. */
const REPLY_TOKENS = 17;

/** Takes about two seconds on a small board; the slot is empty again afterwards. */
export async function warmUp(engine: ChildEngine, onMeasured: (measurement: Measurement) => void): Promise<void> {
	const slot = engine.slots.take([], '');
	if (slot === undefined) return;
	try {
		const sample = engine.vocabulary
			.tokenizePrompt(['The quick brown fox jumps over the lazy dog. '.repeat(PROMPT_TOKENS)])
			.slice(0, PROMPT_TOKENS);
		// The first step pages the weights in; only the second one measures.
		await slot.sequence.evaluateWithoutGeneratingNewTokens(sample.slice(0, 8));
		await slot.sequence.clearHistory();
		await slot.prefill(sample, 0, { chunkTokens: PROMPT_TOKENS, isCanceled: () => false, onMeasured });
		const sampling = { temperature: 1, topP: 1, topK: 0, seed: 1 };
		let count = 0;
		for await (const _token of decodeTokens(slot.sequence, sample.slice(-1), {
			sampling,
			grammar: undefined,
			bar: undefined,
			isCanceled: () => false,
			onMeasured,
		})) {
			count += 1;
			if (count === REPLY_TOKENS) break;
		}
		await slot.sequence.clearHistory();
	} finally {
		engine.slots.release(slot);
	}
}
