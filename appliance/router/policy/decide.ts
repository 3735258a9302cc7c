/** Chooses among the deployments that a call may go to: hard filter, rate ceiling, score, a little chance. */

import { type BanditState, estimateArm } from './bandit.ts';
import type { ArmSettings } from './linear-arm.ts';
import type { Vector } from './matrix.ts';
import { type CostScale, type PacerState, rateCeiling } from './pacer.ts';
import { type Score, type ScoreFacts, type ScoreWeights, score } from './score.ts';

export interface PolicySettings {
	readonly arms: ArmSettings;
	readonly weights: ScoreWeights;
	readonly scale: CostScale;
	/** Whether λ also drops the arms dearer than c_max / (1 + λ). */
	readonly hasRateCeiling: boolean;
	/** ε: share of calls that take any of the arms left, so that other policies can be judged by what happened. */
	readonly chance: number;
}

export interface Option extends Omit<ScoreFacts, 'quality' | 'lambda'> {
	readonly arm: string;
	/** The model's own rate, without the state of any cache: what the rate ceiling compares. */
	readonly listUsdPerThousandTokens: number;
	/** The most that the call can cost if it goes there. */
	readonly worstNanoUsd: number;
	/** In place of what the bandit would say, where past calls like this one tell more. */
	readonly quality?: ScoreFacts['quality'] | undefined;
}

export interface Ranked {
	readonly arm: string;
	readonly score: Score;
}

export interface Choice {
	/** Best first; without those that were filtered out. Empty where even the cheapest breaks the bound. */
	readonly ranked: readonly Ranked[];
	/** The arm that the soft pacer alone would have taken: another one than the first means that the filter moved the call. */
	readonly withoutFilter: string | undefined;
	/** With which probability the first was taken. */
	readonly propensity: number;
	readonly why: 'score' | 'trial' | 'chance';
}

export interface Question {
	readonly x: Vector;
	readonly options: readonly Option[];
	/** What the hard filter leaves for this call; undefined where it is off. */
	readonly headroomNanoUsd: number | undefined;
	/** Uniform [0, 1). */
	readonly random: number;
}

/** Time grows with options and features, and with nothing else. */
export function decide(state: BanditState, { lambda }: PacerState, question: Question, settings: PolicySettings): Choice {
	const { options, headroomNanoUsd = Number.POSITIVE_INFINITY } = question;
	const paid = underCeiling(options, settings.hasRateCeiling ? lambda : 0);
	const scored = paid.map((option) => ({ option, arm: option.arm, score: scoreOf(state, lambda, question, option, settings) }));
	const ranked = scored.toSorted((a, b) => b.score.total - a.score.total);
	const fits = ranked.filter(({ option }) => option.worstNanoUsd === 0 || option.worstNanoUsd <= headroomNanoUsd);
	// What the ceiling dropped may be all that fits: then it is asked after all.
	const left = fits.length > 0 ? fits : rest(state, lambda, question, settings, headroomNanoUsd);
	const strip = ({ arm, score: value }: (typeof ranked)[number]): Ranked => ({ arm, score: value });
	const { order, propensity, why } = withChance(left.map(strip), state.trials, settings.chance, question.random);
	return { ranked: order, withoutFilter: ranked[0]?.arm, propensity, why };
}

function scoreOf(state: BanditState, lambda: number, { x }: Question, option: Option, settings: PolicySettings): Score {
	const quality = option.quality ?? estimateArm(state, option.arm, x, settings.arms) ?? { mean: 0, variance: 0 };
	return score({ ...option, quality, lambda }, settings.weights, settings.scale);
}

/** All of them where the ceiling would leave none. */
function underCeiling(options: readonly Option[], lambda: number): readonly Option[] {
	const dearest = Math.max(...options.map(({ listUsdPerThousandTokens: rate }) => rate));
	const ceiling = rateCeiling(dearest, lambda);
	const under = options.filter(({ listUsdPerThousandTokens: rate }) => rate <= ceiling);
	return under.length > 0 ? under : options;
}

function rest(state: BanditState, lambda: number, question: Question, settings: PolicySettings, headroomNanoUsd: number) {
	return question.options
		.filter(({ worstNanoUsd }) => worstNanoUsd === 0 || worstNanoUsd <= headroomNanoUsd)
		.map((option) => ({ option, arm: option.arm, score: scoreOf(state, lambda, question, option, settings) }))
		.toSorted((a, b) => b.score.total - a.score.total);
}

/** A newcomer's trial comes first, then chance, then the score. */
function withChance(ranked: readonly Ranked[], trials: ReadonlyMap<string, number>, chance: number, random: number) {
	const trial = ranked.find(({ arm }) => (trials.get(arm) ?? 0) > 0);
	if (trial !== undefined) return { order: first(ranked, trial), propensity: 1, why: 'trial' as const };
	const share = chance / Math.max(1, ranked.length);
	const drawn = random < chance ? ranked[Math.floor(random / share)] : undefined;
	if (drawn === undefined || drawn === ranked[0]) return { order: ranked, propensity: 1 - chance + share, why: 'score' as const };
	return { order: first(ranked, drawn), propensity: share, why: 'chance' as const };
}

const first = (ranked: readonly Ranked[], one: Ranked): readonly Ranked[] => [one, ...ranked.filter((other) => other !== one)];
