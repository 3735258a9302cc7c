/** Those who say what a deployment will come to: neighbours, the bandit's regression, figures of the text, and nobody. */

import { type NeighbourSettings, Neighbours } from '../../appliance/router/neighbours/neighbours.ts';
import { coldArm, estimate, type LinearArm, learn } from '../../appliance/router/policy/linear-arm.ts';
import type { Prompt } from '../pacer/data.ts';
import type { Judge } from './curves.ts';
import { TEXT_FEATURES, textFeatures } from './text-features.ts';

const ARMS = [0, 1, 2];

/** Without the constant at the end, which would make all calls alike. */
const vectorOf = ({ x }: Prompt): readonly number[] => x.slice(0, -1);

export function neighboursJudge(history: readonly Prompt[], settings: NeighbourSettings): Judge {
	const past = new Neighbours(settings);
	for (const prompt of history)
		for (const arm of ARMS) past.add({ deployment: `${arm}`, vector: vectorOf(prompt), reward: prompt.rewards[arm] ?? 0 });
	const usual = means(history);
	return (prompt) => {
		const found = past.estimate(vectorOf(prompt));
		return ARMS.map((arm) => found.get(`${arm}`)?.mean ?? usual[arm] ?? 0);
	};
}

const means = (history: readonly Prompt[]): readonly number[] =>
	ARMS.map((arm) => history.reduce((sum, { rewards }) => sum + (rewards[arm] ?? 0), 0) / history.length);

function regression(history: readonly Prompt[], dimension: number, of: (prompt: Prompt) => Float64Array): Judge {
	const settings = { dimension, gamma: 1, ridge: 1, maxVarianceFactor: 200 };
	const arms = ARMS.map((index) => {
		let arm: LinearArm = coldArm(settings, 0);
		for (const prompt of history) arm = learn(arm, of(prompt), prompt.rewards[index] ?? 0, 1, 0, settings);
		return arm;
	});
	return (prompt) => arms.map((arm) => estimate(arm, of(prompt), 0, settings).mean);
}

/** The bandit's own estimates, from the same history. */
export const banditJudge = (history: readonly Prompt[]): Judge =>
	regression(history, history[0]?.x.length ?? 0, ({ x }) => Float64Array.from(x));

/** A regression on figures of the text: the classifier that needs no model. */
export const textJudge = (history: readonly Prompt[]): Judge => regression(history, TEXT_FEATURES, ({ prompt }) => textFeatures(prompt));
