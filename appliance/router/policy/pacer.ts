/** The dual controller that steers the mean cost of a call to its target: ParetoBandit's pacer, by its own symbols. */

export interface PacerSettings {
	/** Weight of the newest call in the moving mean c̄. */
	readonly meanWeight: number;
	/** Step of λ. */
	readonly step: number;
	readonly maxLambda: number;
}

export interface PacerState {
	readonly lambda: number;
	/** c̄ over B: 1 is on target. */
	readonly meanOverTarget: number;
}

export const RESTED_PACER: PacerState = { lambda: 0, meanOverTarget: 1 };

/**
 * c̄ ← (1 − w)·c̄ + w·c; λ ← clip[λ + η(c̄/B − 1), 0, λ_max]. The mean is kept as a multiple of the target, so that a
 * changed target is steered to at once.
 */
export function observeCost(state: PacerState, costOverTarget: number, { meanWeight, step, maxLambda }: PacerSettings): PacerState {
	const meanOverTarget = (1 - meanWeight) * state.meanOverTarget + meanWeight * costOverTarget;
	const lambda = Math.min(maxLambda, Math.max(0, state.lambda + step * (meanOverTarget - 1)));
	return { lambda, meanOverTarget };
}

/** While λ > 0, arms dearer than this are dropped: c_max / (1 + λ). */
export const rateCeiling = (dearestRate: number, lambda: number): number =>
	lambda > 0 ? dearestRate / (1 + lambda) : Number.POSITIVE_INFINITY;

/** Between which rates (USD per thousand tokens) cost is counted, on a logarithm: 0 at the floor, 1 at the ceiling. */
export interface CostScale {
	readonly floorUsd: number;
	readonly ceilingUsd: number;
}

/** ParetoBandit's: from the cheapest hosted model to the dearest that reasons. */
export const PRICE_SCALE: CostScale = { floorUsd: 1e-4, ceilingUsd: 0.1 };

/** c̃ = (log c − log floor) / (log ceiling − log floor), within [0, 1]. A free arm is at 0. */
export function costOnScale(usdPerThousandTokens: number, { floorUsd, ceilingUsd }: CostScale): number {
	if (!(usdPerThousandTokens > floorUsd)) return 0;
	return Math.min(1, Math.log(usdPerThousandTokens / floorUsd) / Math.log(ceilingUsd / floorUsd));
}
