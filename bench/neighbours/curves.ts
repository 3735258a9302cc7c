/** Quality at equal cost: what a judge of deployments reaches when its estimates are weighed against price more and more. */

import type { Prompt } from '../pacer/data.ts';

/** What is expected of each arm for a prompt. */
export type Judge = (prompt: Prompt) => readonly number[];

interface Point {
	readonly costUsd: number;
	readonly quality: number;
}

/** Weights of cost, from none to all, in units of quality for a tenfold cost. */
const WEIGHTS = Array.from({ length: 81 }, (_, index) => (index === 0 ? 0 : 10 ** (-4 + (index / 80) * 4.5)));

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** One point a weight: argmax q̂ − w·log10(mean cost of the arm). */
export function curve(prompts: readonly Prompt[], judge: Judge, armCosts: readonly number[]): readonly Point[] {
	const judged = prompts.map((prompt) => ({ prompt, quality: judge(prompt) }));
	return WEIGHTS.map((weight) => {
		const taken = judged.map(({ prompt, quality }) => {
			const values = quality.map((value, arm) => value - weight * Math.log10((armCosts[arm] ?? 1) / (armCosts[0] ?? 1)));
			const arm = values.indexOf(Math.max(...values));
			return { costUsd: prompt.costs[arm] ?? 0, quality: prompt.rewards[arm] ?? 0 };
		});
		return { costUsd: mean(taken.map(({ costUsd }) => costUsd)), quality: mean(taken.map(({ quality }) => quality)) };
	});
}

/** On the line between the neighbouring points: calls may be split between two weights. NaN beyond the curve's ends. */
export function qualityAt(points: readonly Point[], costUsd: number): number {
	const sorted = points.toSorted((a, b) => a.costUsd - b.costUsd);
	const above = sorted.findIndex((point) => point.costUsd >= costUsd);
	const [low, high] = [sorted[above - 1], sorted[above]];
	if (above === 0 && high !== undefined && high.costUsd === costUsd) return high.quality;
	if (low === undefined || high === undefined) return Number.NaN;
	return low.quality + ((high.quality - low.quality) * (costUsd - low.costUsd)) / (high.costUsd - low.costUsd);
}

/** Probability that a failing prompt is ranked as more likely to fail than another one. */
export function auc(scored: readonly { readonly score: number; readonly isFailure: boolean }[]): number {
	const sorted = scored.toSorted((a, b) => a.score - b.score);
	const failures = sorted.filter(({ isFailure }) => isFailure).length;
	let rankSum = 0;
	for (let from = 0; from < sorted.length; ) {
		let to = from;
		while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) to += 1;
		const rank = (from + 1 + to) / 2;
		for (let at = from; at < to; at++) if (sorted[at]?.isFailure) rankSum += rank;
		from = to;
	}
	return (rankSum - (failures * (failures + 1)) / 2) / (failures * (sorted.length - failures));
}

/** Mean distance between what was said and what came, over ten bins of what was said. */
export function calibrationError(scored: readonly { readonly score: number; readonly isFailure: boolean }[]): number {
	const bins = Map.groupBy(scored, ({ score }) => Math.min(9, Math.max(0, Math.floor(score * 10))));
	let error = 0;
	for (const bin of bins.values()) {
		const said = mean(bin.map(({ score }) => Math.min(1, Math.max(0, score))));
		error += (bin.length / scored.length) * Math.abs(said - mean(bin.map(({ isFailure }) => Number(isFailure))));
	}
	return error;
}
