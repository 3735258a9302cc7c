/** The token loop: samples one token after the other, with the probability that the model gave it. */

import type { LlamaContextSequence, LlamaGrammarEvaluationState, Token, TokenBias } from 'node-llama-cpp';
import type { Measurement } from '../messages.ts';
import { Canceled } from './slot.ts';

export interface Sampling {
	readonly temperature: number;
	readonly topP: number;
	readonly topK: number;
	readonly seed: number;
}

export interface DecodeOptions {
	readonly sampling: Sampling;
	readonly grammar: LlamaGrammarEvaluationState | undefined;
	/** Bars a token from being the first. */
	readonly bar: FirstTokenBar | undefined;
	readonly isCanceled: () => boolean;
	readonly onMeasured: (measurement: Measurement) => void;
}

export interface FirstTokenBar {
	readonly bias: TokenBias;
	lift(): void;
}

export interface DecodedToken {
	readonly token: Token;
	/** Share of this token among those that sampling and grammar left. */
	readonly probability: number;
	readonly isEnd: boolean;
}

/** Tokens between two measurements: few, so that a wrong number of threads is noticed soon. */
export const MEASURED_TOKENS = 4;

/**
 * Of a free and greedy choice only so many candidates are looked at: to give one token's probability the library sorts the
 * whole vocabulary, which for 262,144 tokens takes a good part of the time of a token.
 */
const GREEDY_CANDIDATES = 256;

/** Evaluates `pending`, then yields tokens until the consumer stops; the last one yielded is not evaluated yet. */
export async function* decodeTokens(
	sequence: LlamaContextSequence,
	pending: readonly Token[],
	options: DecodeOptions,
): AsyncGenerator<DecodedToken, void, void> {
	const { bar, isCanceled, onMeasured } = options;
	const steps = options.sampling.temperature === 0 && options.grammar === undefined ? likeliest : sampled;
	let startedMs = 0;
	let count = 0;
	for await (const { token, probability } of steps(sequence, pending, options)) {
		if (isCanceled()) throw new Canceled();
		bar?.lift();
		// The first step also evaluates `pending`: it is no measure of decoding.
		if (count % MEASURED_TOKENS === 0) {
			const nowMs = performance.now();
			if (count > 0)
				onMeasured({ kind: 'decode', depthTokens: sequence.nextTokenIndex, tokens: MEASURED_TOKENS, durationMs: nowMs - startedMs });
			startedMs = nowMs;
		}
		count += 1;
		yield { token, probability, isEnd: sequence.model.isEogToken(token) };
	}
}

type Step = Omit<DecodedToken, 'isEnd'>;

async function* sampled(
	sequence: LlamaContextSequence,
	pending: readonly Token[],
	{ sampling, grammar, bar }: DecodeOptions,
): AsyncGenerator<Step> {
	const options = {
		...sampling,
		yieldEogToken: true,
		...(grammar === undefined ? {} : { grammarEvaluationState: grammar }),
		...(bar === undefined ? {} : { tokenBias: bar.bias }),
	};
	for await (const { token, confidence } of sequence.evaluateWithMetadata([...pending], { confidence: true }, options)) {
		yield { token, probability: confidence };
	}
}

/** Lets the library gather the candidates as if to sample, and goes on with the first of them. */
async function* likeliest(
	sequence: LlamaContextSequence,
	pending: readonly Token[],
	{ sampling, bar }: DecodeOptions,
): AsyncGenerator<Step> {
	const options = {
		temperature: 1,
		topK: GREEDY_CANDIDATES,
		topP: 1,
		seed: sampling.seed,
		yieldEogToken: true,
		...(bar === undefined ? {} : { tokenBias: bar.bias }),
	};
	const steps = sequence.evaluateWithMetadata([...pending], { probabilities: true }, options);
	try {
		let step = await steps.next();
		while (!step.done) {
			const [token, probability] = step.value.probabilities.entries().next().value ?? [step.value.token, 1];
			yield { token, probability };
			step = await steps.next(token);
		}
	} finally {
		await steps.return();
	}
}
