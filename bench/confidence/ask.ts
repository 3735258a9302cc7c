/** Asks the real local model, and notes what each signal says of its answer. */

import { StepCutter, type TextStep } from '../../appliance/router/confidence/cut-steps.ts';
import { agreementOf, isSameForm, type Sample } from '../../appliance/router/confidence/semantic-entropy.ts';
import { leastProbability, meanProbability, stepScore } from '../../appliance/router/confidence/step-score.ts';
import { conversation, request, says, type TestEngine } from '../../test/support/local-engine.ts';
import type { Task, TaskSet } from './tasks.ts';

export interface Answered {
	readonly isRight: boolean;
	/** Of its steps, in order. */
	readonly scores: readonly number[];
	/** Tokens until the end of each step. */
	readonly tokensAt: readonly number[];
	readonly tokens: number;
	readonly mean: number;
	readonly least: number;
	/** Undefined where it was not asked for again. */
	readonly entropy: number | undefined;
	readonly answerMs: number;
	readonly samplesMs: number;
	/** Tokens of the first step: what the first byte waits for. */
	readonly heldTokens: number;
	/** Share of the prompt that the further samples found computed. */
	readonly sharedPrompt: number | undefined;
}

const TEMPERATURE = 0.8;

interface Heard {
	readonly text: string;
	readonly steps: readonly TextStep[];
	readonly probabilities: readonly number[];
	readonly sharedPrompt: number;
	readonly ms: number;
}

export async function ask(engine: TestEngine, set: TaskSet, task: Task, answers: number): Promise<Answered> {
	const first = await hear(engine, task.question, set.capTokens, undefined);
	const again: Heard[] = [];
	if (set.isShort) {
		for (let seed = 1; seed < answers; seed += 1) again.push(await hear(engine, task.question, set.capTokens, seed));
	}
	const samples = [first, ...again].map(({ text, probabilities }): Sample => ({ text, weight: meanProbability(probabilities) }));
	let tokens = 0;
	const tokensAt = first.steps.map(({ probabilities }) => {
		tokens += probabilities.length;
		return tokens;
	});
	return {
		isRight: set.answerOf(first.text) === task.right,
		scores: first.steps.map(({ probabilities }) => stepScore(probabilities)),
		tokensAt,
		tokens,
		mean: meanProbability(first.probabilities),
		least: leastProbability(first.probabilities),
		entropy: again.length === 0 ? undefined : agreementOf(samples, isSameForm).entropy,
		answerMs: first.ms,
		samplesMs: again.reduce((sum, { ms }) => sum + ms, 0),
		heldTokens: first.steps[0]?.probabilities.length ?? 0,
		sharedPrompt: again.length === 0 ? undefined : again.reduce((sum, one) => sum + one.sharedPrompt, 0) / again.length,
	};
}

async function hear(engine: TestEngine, question: string, maxOutputTokens: number, seed: number | undefined): Promise<Heard> {
	const startedMs = performance.now();
	const chance = seed === undefined ? {} : { temperature: TEMPERATURE, seed };
	const cutter = new StepCutter();
	const [steps, probabilities]: [TextStep[], number[]] = [[], []];
	let text = '';
	let sharedPrompt = 0;
	for await (const part of engine.answer(request(conversation([says('user', question)], chance), { maxOutputTokens }))) {
		if (part.type === 'finish') {
			const { inputTokens = 0, cacheReadTokens = 0 } = part.usage;
			sharedPrompt = cacheReadTokens / Math.max(1, inputTokens + cacheReadTokens);
		}
		if (part.type !== 'text-delta') continue;
		text += part.text;
		probabilities.push(...(part.probabilities ?? []));
		steps.push(...cutter.push(part.text, part.probabilities ?? []));
	}
	const last = cutter.flush();
	return { text, steps: last === undefined ? steps : [...steps, last], probabilities, sharedPrompt, ms: performance.now() - startedMs };
}
