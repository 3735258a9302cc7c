/**
 * The one score of a deployment for a call, in points: a point is one per cent of a chance that the answer is good. Every
 * term can be read alone, and they add up.
 */

import type { Estimate } from './linear-arm.ts';
import { type CostScale, costOnScale } from './pacer.ts';

export interface ScoreWeights {
	/** λ_c: points (in hundreds) between the cheapest and the dearest rate on the scale. */
	readonly cost: number;
	/** α: how much an uncertain deployment is favoured. */
	readonly exploration: number;
	/** Points that a minute of waiting costs. */
	readonly pointsPerMinute: number;
	/** Points that leaving a warm prompt cache costs where it never pays back; less where it does. */
	readonly switchPoints: number;
	/** Further turns a session is expected to have: a move that pays back within them is no loss. */
	readonly turnsAhead: number;
}

export interface ScoreFacts {
	readonly quality: Estimate;
	/** Expected cost of this call there, cache effects included, over its tokens. */
	readonly usdPerThousandTokens: number;
	/** λ_t of the pacer. */
	readonly lambda: number;
	/** Undefined where nobody measured. */
	readonly expectedMs?: number | undefined;
	/** Turns after which leaving the warm cache has paid back; 0 where nothing is left behind. */
	readonly paybackTurns?: number;
}

export interface Score {
	readonly quality: number;
	readonly exploration: number;
	readonly cost: number;
	readonly budget: number;
	readonly time: number;
	readonly stickiness: number;
	readonly total: number;
}

export function score(facts: ScoreFacts, weights: ScoreWeights, scale: CostScale): Score {
	const share = costOnScale(facts.usdPerThousandTokens, scale);
	const quality = 100 * facts.quality.mean;
	const exploration = 100 * weights.exploration * Math.sqrt(facts.quality.variance);
	const cost = minus(100 * weights.cost * share);
	const budget = minus(100 * facts.lambda * share);
	const time = minus((weights.pointsPerMinute * (facts.expectedMs ?? 0)) / 60_000);
	const stickiness = minus(weights.switchPoints * Math.min(1, (facts.paybackTurns ?? 0) / weights.turnsAhead));
	return { quality, exploration, cost, budget, time, stickiness, total: quality + exploration + cost + budget + time + stickiness };
}

/** Never minus zero, which reads as a loss. */
const minus = (points: number): number => (points === 0 ? 0 : -points);
