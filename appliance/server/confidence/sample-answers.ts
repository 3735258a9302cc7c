/** Asks the local model for a short answer several times more, on the prompt that it has read already, and sees whether they agree. */

import type { SampleNote, SampleSettings } from '../../protocol/confidence.ts';
import type { LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { TextStep } from '../../router/confidence/cut-steps.ts';
import { agreementOf, isSameForm, type Sample } from '../../router/confidence/semantic-entropy.ts';
import { meanProbability } from '../../router/confidence/step-score.ts';
import type { Box } from '../box.ts';

/** Room for an answer that says the same in more words. */
const TIMES_AS_LONG = 2;
const SOME_TOKENS = 4;

/** @returns undefined where others wait for the engine, or time ran out before there was anything to compare */
export async function sampleAnswers(
	{ engine, clock }: Pick<Box, 'engine' | 'clock'>,
	request: LocalRequest,
	answer: TextStep,
	settings: SampleSettings,
): Promise<SampleNote | undefined> {
	if (engine.status().queued > 0) return undefined;
	const startedMs = clock.nowMs();
	const timeUp = AbortSignal.timeout(settings.budgetMs);
	const signal = AbortSignal.any([request.signal, timeUp]);
	const samples: Sample[] = [{ text: answer.text, weight: meanProbability(answer.probabilities) }];
	const maxOutputTokens = Math.min(request.maxOutputTokens, TIMES_AS_LONG * answer.probabilities.length + SOME_TOKENS);
	try {
		for (let seed = 1; seed < settings.answers; seed += 1) {
			const conversation = { ...request.conversation, temperature: settings.temperature, seed };
			samples.push(await sampleOf(engine, { ...request, conversation, maxOutputTokens, signal }));
		}
	} catch (error) {
		// The caller left, or the engine did; that time is up only ends the asking.
		if (request.signal.aborted || !(timeUp.aborted || Problem.from(error).code === 'local-busy')) throw error;
	}
	if (samples.length < 2) return undefined;
	const { clusters, entropy } = agreementOf(samples, isSameForm);
	return { answers: samples.length, clusters: clusters.length, entropy, tookMs: Math.round(clock.nowMs() - startedMs) };
}

async function sampleOf(engine: Box['engine'], request: LocalRequest): Promise<Sample> {
	let text = '';
	const probabilities: number[] = [];
	for await (const part of engine.answer(request)) {
		if (part.type === 'text-delta') text += part.text;
		if (part.type === 'tool-call-start') text += part.name;
		if (part.type === 'tool-call-delta') text += part.json;
		if (part.type === 'text-delta' || part.type === 'tool-call-delta') probabilities.push(...(part.probabilities ?? []));
	}
	return { text, weight: meanProbability(probabilities) };
}
