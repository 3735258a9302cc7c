/** The local model's answer, released step by step; where a step is doubted, the next candidate begins afresh or goes on. */

import type { Doubt, SampleNote } from '../../protocol/confidence.ts';
import type { Deployment } from '../../protocol/deployment.ts';
import type { LocalRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { faultOf } from '../../provider/local/tools/call-validator.ts';
import { mostCharactersFor } from '../../router/confidence/verify-text.ts';
import { AnswerWatch } from '../../router/confidence/watch-answer.ts';
import type { Box } from '../box.ts';
import type { Try } from '../execute.ts';
import type { Walk } from '../walk.ts';
import { canGoOn, goOn } from './go-on.ts';
import { sampleAnswers } from './sample-answers.ts';

/**
 * For calls that somebody else can take over. Throws Problem `low-confidence` where nothing was released: the walk then
 * asks the next candidate with the caller's own bytes.
 */
export async function* watchAnswer(
	box: Box,
	walk: Walk,
	turn: Try,
	deployment: Deployment,
	request: LocalRequest,
): AsyncGenerator<StreamPart, void, void> {
	const watch = newWatch(box, walk, turn, deployment, request);
	const stopped = yield* untilDoubt(box, turn, watch, request);
	const { isStream } = turn.call;
	const isAfresh = !isStream || !watch.hasReleased;
	const { doubts } = stopped;
	const samples = stopped.samples === undefined ? {} : { samples: stopped.samples };
	walk.confidence = {
		...watch.figures,
		...samples,
		doubts,
		went: doubts.length === 0 ? 'released' : isAfresh ? 'escalated-afresh' : 'escalated-after-text',
		...(doubts.length > 0 && isAfresh ? { releasedTokens: 0 } : {}),
	};
	if (doubts.length === 0) return;
	for (const doubt of doubts) walk.because('execute', `doubt-${doubt}`, SAID[doubt], deployment.id);
	walk.bill(deployment.id, 0, false);
	if (isAfresh)
		throw new Problem('low-confidence', `Nothing of the local answer was released: ${doubts.join(', ')}.`, { isRetryable: true });
	yield* goOn(box, walk, turn, request.conversation, watch.released);
}

function newWatch(box: Box, walk: Walk, turn: Try, deployment: Deployment, { conversation }: LocalRequest): AnswerWatch {
	const { confidence } = box;
	const { role } = turn.plan;
	return new AnswerWatch({
		settings: confidence.settings,
		bar: confidence.settings.bars[role],
		conversation,
		mostCharacters: mostCharactersFor(turn.call.signals.purpose),
		judgeStep: (score) => confidence.judgeStep(deployment.model, role, score),
		faultOfCall: faultOf,
		canGoOn: (released) => !turn.call.isStream || canGoOn(box, walk, turn, released),
	});
}

interface Stopped {
	readonly doubts: readonly Doubt[];
	readonly samples?: SampleNote | undefined;
}

/** Leaving the loop ends the local model's work at once. */
async function* untilDoubt(box: Box, turn: Try, watch: AnswerWatch, request: LocalRequest): AsyncGenerator<StreamPart, Stopped, void> {
	let samples: SampleNote | undefined;
	try {
		for await (const part of box.engine.answer(request)) {
			if (part.type === 'finish') {
				samples = await samplesOf(box, watch, request);
				if (samples !== undefined && samples.entropy > (box.confidence.settings.samples?.mostEntropy ?? 1))
					return { doubts: ['answers-disagree'], samples };
			}
			const { release, doubts } = watch.take(part);
			yield* release;
			if (doubts.length > 0) return { doubts, samples };
		}
	} catch (error) {
		const isBroken = Problem.from(error).code === 'local-failed' && turn.call.isStream && watch.hasReleased;
		if (!isBroken || request.signal.aborted) throw error;
		return { doubts: ['broke-off'], samples };
	}
	return { doubts: [], samples };
}

async function samplesOf(box: Box, watch: AnswerWatch, request: LocalRequest): Promise<SampleNote | undefined> {
	const { samples } = box.confidence.settings;
	const answer = watch.heldAnswer;
	if (samples === undefined || answer === undefined || answer.probabilities.length > samples.mostTokens) return undefined;
	return await sampleAnswers(box, request, answer, samples);
}

const SAID: Readonly<Record<Doubt, string>> = {
	'unknown-tool': 'The local model called a tool that was not offered.',
	'not-its-schema': 'Its tool call does not follow the tool’s schema.',
	'path-not-in-transcript': 'It names a path that nobody has mentioned.',
	'quote-not-in-transcript': 'It quotes a line that nobody has seen.',
	'symbol-not-in-transcript': 'It names a symbol that nobody has mentioned.',
	'call-repeated': 'It repeats a call that was just answered.',
	'claim-against-result': 'It claims the opposite of what the last run shows.',
	'other-script': 'It changed to letters that nobody used here.',
	'broken-characters': 'Its text has broken characters.',
	'repeats-itself': 'It repeats itself.',
	'too-long': 'It is longer than what was asked for can be.',
	'empty-answer': 'It answered nothing.',
	'not-json': 'It is no JSON, which was asked for.',
	'low-confidence': 'The local model was not sure of a step.',
	'unsure-tool-call': 'The local model was not sure of its tool call.',
	'answers-disagree': 'Asked several times, the local model answered differently.',
	'broke-off': 'The local engine stopped in the middle of its answer.',
};
