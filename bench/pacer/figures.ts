/** What a run is judged by. */

import type { Course } from './courses.ts';
import type { BanditData } from './data.ts';
import type { Step } from './simulate.ts';

export interface Outcome {
	readonly quality: number;
	/** Mean cost of all measured calls over the target. */
	readonly costOverTarget: number;
	/** The highest that the running mean over the target was, from the hundredth measured call on. */
	readonly highestMean: number;
	/** Shares of the measured calls, in per cent. */
	readonly movedPercent: number;
	readonly outOfReachPercent: number;
	readonly exceptionPercent: number;
	/** Nano-USD by which settled, without exceptions, exceeded (1 + tolerance)·B·n + credit at any moment: never above 0 under the hard filter. */
	readonly worstExcessUsd: number;
	readonly byPhase: ReadonlyMap<string, { readonly quality: number; readonly costOverTarget: number }>;
	/** Measured calls until an arm had a tenth of fifty calls, and kept it for fifty more; undefined where it never did. */
	readonly adoptionCalls: number | undefined;
}

const SETTLED_IN = 100;
const WINDOW = 50;
const ADOPTED_SHARE = 0.1;
/** Calls that a newcomer is given anyway, and the window that they fill. */
const WASHED_OUT = 20 + WINDOW;

interface Bound {
	readonly toleranceShare: number;
	readonly creditUsd: number;
}

export function judge(steps: readonly Step[], budgetUsd: number, bound: Bound, newcomer: number | undefined): Outcome {
	const measured = steps.filter(({ phase }) => phase !== 'learn');
	const percent = (has: (step: Step) => boolean) => (100 * measured.filter(has).length) / measured.length;
	const phases = [...new Set(measured.map(({ phase }) => phase))];
	return {
		...meanOf(measured, budgetUsd),
		highestMean: highestMean(measured, budgetUsd),
		movedPercent: percent(({ isMoved, isException }) => isMoved && !isException),
		outOfReachPercent: percent(({ isOutOfReach }) => isOutOfReach),
		exceptionPercent: percent(({ isException }) => isException),
		worstExcessUsd: worstExcess(measured, budgetUsd, bound),
		byPhase: new Map(
			phases.map((phase) => [
				phase,
				meanOf(
					measured.filter((step) => step.phase === phase),
					budgetUsd,
				),
			]),
		),
		adoptionCalls: newcomer === undefined ? undefined : adoption(measured.map(({ arm }) => arm === newcomer)),
	};
}

function meanOf(steps: readonly Step[], budgetUsd: number) {
	const sum = (of: (step: Step) => number) => steps.reduce((total, step) => total + of(step), 0) / steps.length;
	return { quality: sum(({ reward }) => reward), costOverTarget: sum(({ costUsd }) => costUsd) / budgetUsd };
}

function highestMean(steps: readonly Step[], budgetUsd: number): number {
	let spent = 0;
	let highest = 0;
	for (const [index, { costUsd }] of steps.entries()) {
		spent += costUsd;
		if (index + 1 >= SETTLED_IN) highest = Math.max(highest, spent / (index + 1) / budgetUsd);
	}
	return highest;
}

function worstExcess(steps: readonly Step[], budgetUsd: number, { toleranceShare, creditUsd }: Bound): number {
	let spent = 0;
	let calls = 0;
	let worst = Number.NEGATIVE_INFINITY;
	for (const { costUsd, isException } of steps) {
		if (isException) continue;
		spent += costUsd;
		calls += 1;
		worst = Math.max(worst, spent - (1 + toleranceShare) * budgetUsd * calls - creditUsd);
	}
	return worst;
}

function adoption(isTaken: readonly boolean[]): number | undefined {
	const shares = isTaken.map((_, index) => isTaken.slice(Math.max(0, index - WINDOW + 1), index + 1).filter(Boolean).length / WINDOW);
	const isHeld = (from: number) => shares.slice(from, from + WINDOW).every((share) => share >= ADOPTED_SHARE);
	const at = shares.findIndex((_, index) => index >= WASHED_OUT && index + WINDOW <= shares.length && isHeld(index));
	return at < 0 ? undefined : at + 1;
}

/** The steps of somebody who only told which arm was taken. */
export function stepsOf(data: BanditData, course: Course, arms: readonly number[]): readonly Step[] {
	const prompts = [...data.val, ...data.holdout];
	const order = course.phases.flatMap((phase) => phase.prompts.map((index) => ({ phase, index })));
	return order.map(({ phase, index }, at) => {
		const arm = arms[at] ?? 0;
		const prompt = prompts[index];
		return {
			phase: phase.name,
			arm,
			reward: phase.rewards[arm] ?? prompt?.rewards[arm] ?? 0,
			costUsd: (prompt?.costs[arm] ?? 0) * (phase.priceFactors[arm] ?? 1),
			isMoved: false,
			isOutOfReach: false,
			isException: false,
		};
	});
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
