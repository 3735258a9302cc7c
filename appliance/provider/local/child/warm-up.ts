/** First measurements on the freshly loaded model: rates exist before the first call, and the number of threads is a good one. */

import type { Measurement } from '../messages.ts';
import type { ChildEngine } from './child-engine.ts';
import { decodeTokens, MEASURED_TOKENS } from './decode.ts';
import { setThreads } from './load-model.ts';
import type { Slot } from './slot.ts';

const PROMPT_TOKENS = 96;
/** Two measurements, and the token before them. */
const REPLY_TOKENS = 2 * MEASURED_TOKENS + 1;

/** Takes about two seconds on a small board; the slot is empty again afterwards. */
export async function warmUp(engine: ChildEngine, onMeasured: (measurement: Measurement) => void): Promise<void> {
	const slot = engine.slots.take([], '');
	if (slot === undefined) return;
	try {
		// The first step pages the weights in; only the second one measures.
		await slot.sequence.evaluateWithoutGeneratingNewTokens(sampleTokens(engine).slice(0, 8));
		if (engine.tuner !== undefined && engine.tuner.threads > 1) await tryOneThread(engine, slot);
		await measure(engine, slot, onMeasured);
		await engine.prefix.learnShape(slot);
		await slot.keep(0);
	} finally {
		engine.slots.release(slot);
	}
}

/** One thread is the count that no neighbour can spoil: what it does is the yardstick for the others. */
async function tryOneThread(engine: ChildEngine, slot: Slot): Promise<void> {
	const most = engine.tuner?.threads ?? 1;
	for (const threads of [1, most]) {
		engine.tuner?.take(threads);
		setThreads(engine.context, threads);
		await measure(engine, slot, () => undefined);
	}
}

async function measure(engine: ChildEngine, slot: Slot, onMeasured: (measurement: Measurement) => void): Promise<void> {
	const sample = sampleTokens(engine);
	const both = (measurement: Measurement): void => {
		engine.tune(measurement);
		onMeasured(measurement);
	};
	await slot.keep(0);
	await slot.prefill(sample.slice(0, -1), { chunkTokens: () => PROMPT_TOKENS, isCanceled: () => false, onMeasured: both });
	const sampling = { temperature: 1, topP: 1, topK: 0, seed: 1 };
	const options = { sampling, grammar: undefined, bar: undefined, isCanceled: () => false, onMeasured: both };
	let count = 0;
	for await (const _token of decodeTokens(slot.sequence, sample.slice(-1), options)) {
		count += 1;
		if (count === REPLY_TOKENS) break;
	}
}

function sampleTokens(engine: ChildEngine) {
	return engine.vocabulary.tokenizePrompt(['The quick brown fox jumps over the lazy dog. '.repeat(PROMPT_TOKENS)]).slice(0, PROMPT_TOKENS);
}
