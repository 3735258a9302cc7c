/** The runs that are compared: which prompts come in which order, and what happens to prices, quality and models on the way. */

import { mulberry32 } from '../../test/support/mulberry32.ts';
import type { BanditData } from './data.ts';

export interface Phase {
	readonly name: string;
	/** Indices of the prompts: first the validation split, then the holdout. */
	readonly prompts: readonly number[];
	/** Arms that can be chosen, by index. */
	readonly arms: readonly number[];
	/** Price of each arm over its usual price. */
	readonly priceFactors: readonly number[];
	/** In the place of the reward of an arm. */
	readonly rewards: Readonly<Record<number, number>>;
	/** The first phase learns; the others are measured. */
	readonly isMeasured: boolean;
}

export const SCENARIOS = ['stationary', 'price drift', 'quality loss', 'model added'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Course {
	readonly scenario: Scenario;
	readonly seed: number;
	readonly phases: readonly Phase[];
}

/** As in the paper: a third of the holdout each, the third phase with the prompts of the first. */
const PHASE_PROMPTS = 608;
const LLAMA = 0;
const MISTRAL = 1;
const GEMINI = 2;
/** $10 a million output tokens become $0.10. */
const PRICE_CUT = 0.01;
const FAILED_REWARD = 0.75;

export function shuffled(values: readonly number[], random: () => number): readonly number[] {
	const result = [...values];
	for (let i = result.length - 1; i > 0; i--) {
		const j = Math.floor(random() * (i + 1));
		[result[i], result[j]] = [result[j] ?? 0, result[i] ?? 0];
	}
	return result;
}

const ALL = [LLAMA, MISTRAL, GEMINI];
const USUAL: Pick<Phase, 'arms' | 'priceFactors' | 'rewards'> = { arms: ALL, priceFactors: [1, 1, 1], rewards: {} };

/** @param splits the prompts to learn from, and those to measure on */
export function makeCourse(
	scenario: Scenario,
	seed: number,
	splits: { readonly learn: readonly number[]; readonly test: readonly number[] },
): Course {
	const random = mulberry32(seed);
	const learn = shuffled(splits.learn, random);
	const test = shuffled(splits.test, random);
	const third = Math.min(PHASE_PROMPTS, Math.floor(test.length / 3));
	const first = test.slice(0, third);
	const second = test.slice(third, 2 * third);
	const phase = (name: string, prompts: readonly number[], change: Partial<typeof USUAL> = {}): Phase => ({
		name,
		prompts,
		...USUAL,
		...change,
		isMeasured: name !== 'learn',
	});
	const three = (change: Partial<typeof USUAL>) => [
		phase('learn', learn),
		phase('before', first),
		phase('during', second, change),
		phase('after', first),
	];
	const phases: Record<Scenario, () => readonly Phase[]> = {
		stationary: () => [phase('learn', learn), phase('test', test)],
		'price drift': () => three({ priceFactors: [1, 1, PRICE_CUT] }),
		'quality loss': () => three({ rewards: { [MISTRAL]: FAILED_REWARD } }),
		'model added': () => [phase('learn', learn, { arms: [LLAMA, GEMINI] }), phase('test', test)],
	};
	return { scenario, seed, phases: phases[scenario]() };
}

const indices = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index);

/** Learned on the validation split, shown on the holdout. */
export const shownSplits = ({ val, holdout }: BanditData) => ({
	learn: indices(0, val.length),
	test: indices(val.length, val.length + holdout.length),
});

/** For choosing thresholds: the holdout is not touched. */
export const tuningSplits = ({ val }: BanditData) => {
	const third = Math.floor(val.length / 3);
	return { learn: indices(0, third), test: indices(third, val.length) };
};
