/** What is known of one deployment's quality: ridge regression that forgets, as in disjoint LinUCB (Li et al. 2010). */

import { diagonal, dot, invert, type Matrix, scaled, sum, times, type Vector, withOuter } from './matrix.ts';

export interface ArmSettings {
	/** d: length of a call's features, the last of which is the constant 1. */
	readonly dimension: number;
	/** γ: weight of what was learned one call ago. 1 forgets nothing. */
	readonly gamma: number;
	/** λ0: strength of the pull towards zero before anything is known. */
	readonly ridge: number;
	/** V_max: staleness makes an arm at most so many times as uncertain. */
	readonly maxVarianceFactor: number;
}

export interface LinearArm {
	/** A, [d, d]. */
	readonly precision: Matrix;
	/** A⁻¹, [d, d]. */
	readonly inverse: Matrix;
	/** b, [d]. */
	readonly moment: Vector;
	/** θ̂ = A⁻¹b, [d]. */
	readonly weights: Vector;
	/** What forgetting left of the ridge in A. */
	readonly ridgeLeft: number;
	/** Count of calls at which it last learned, and last was chosen. */
	readonly learnedAt: number;
	readonly chosenAt: number;
}

/** Sufficient statistics from elsewhere, as ParetoBandit's priors have them. */
export interface Prior {
	/** A_off, [d, d]. */
	readonly precision: ArrayLike<number>;
	/** b_off, [d]. */
	readonly moment: ArrayLike<number>;
}

/** Longer silence counts as this long, so that γ^dt never becomes zero. */
const MOST_SILENT_CALLS = 1_000;
/** Below this part of the ridge, A would soon be singular: it is filled up. */
const LEAST_RIDGE = 0.1;

export function coldArm({ dimension, ridge }: ArmSettings, at: number): LinearArm {
	return {
		precision: diagonal(dimension, ridge),
		inverse: diagonal(dimension, 1 / ridge),
		moment: new Float64Array(dimension),
		weights: new Float64Array(dimension),
		ridgeLeft: ridge,
		learnedAt: at,
		chosenAt: at,
	};
}

/**
 * An arm that believes its prior as if it had seen `calls` calls itself: s = n_eff / A_off[d,d]; A = s·A_off + λ0·I;
 * b = s·b_off + λ0·θ̂_off, which leaves the prior's mean as it was. Throws where the prior has another dimension or no inverse.
 */
export function warmArm(settings: ArmSettings, prior: Prior, calls: number, at: number): LinearArm {
	const { dimension, ridge } = settings;
	const offline = Float64Array.from(prior.precision);
	const moment = Float64Array.from(prior.moment);
	if (offline.length !== dimension ** 2 || moment.length !== dimension)
		throw new RangeError(`A prior of ${moment.length} features cannot start an arm of ${dimension}.`);
	const offlineInverse = invert(offline, dimension);
	if (offlineInverse === undefined) throw new RangeError('A prior whose matrix is not positive definite says nothing.');
	const scale = calls / (offline[offline.length - 1] ?? 1);
	const theta = times(offlineInverse, moment);
	const precision = sum(scaled(offline, scale), diagonal(dimension, ridge));
	return withInverse(
		{ precision, moment: sum(scaled(moment, scale), theta, ridge), ridgeLeft: ridge, learnedAt: at, chosenAt: at },
		dimension,
	);
}

/** An arm of which only a usual quality is known, in any context. */
export function guessedArm(settings: ArmSettings, quality: number, calls: number, at: number): LinearArm {
	const { dimension } = settings;
	const moment = new Float64Array(dimension);
	moment[dimension - 1] = quality * calls;
	return warmArm(settings, { precision: diagonal(dimension, calls), moment }, calls, at);
}

export interface Estimate {
	/** θ̂ᵀx: expected reward, unclipped. */
	readonly mean: number;
	/** v = xᵀA⁻¹x / max(γ^dt, 1/V_max). */
	readonly variance: number;
}

export function estimate(arm: LinearArm, x: Vector, now: number, { gamma, maxVarianceFactor }: ArmSettings): Estimate {
	const silent = Math.max(0, now - Math.max(arm.learnedAt, arm.chosenAt));
	const faded = Math.max(gamma ** Math.min(silent, MOST_SILENT_CALLS), 1 / maxVarianceFactor);
	return { mean: dot(arm.weights, x), variance: Math.max(0, dot(x, times(arm.inverse, x))) / faded };
}

/** A ← γ^dt·A + w·xxᵀ, b ← γ^dt·b + w·r·x, the inverse after Sherman and Morrison. @param weight 0 learns nothing */
export function learn(arm: LinearArm, x: Vector, reward: number, weight: number, now: number, settings: ArmSettings): LinearArm {
	if (!(weight > 0)) return arm;
	const faded = fade(arm, now, settings);
	const precision = withOuter(faded.precision, x, weight);
	const moment = sum(faded.moment, x, weight * reward);
	const u = times(faded.inverse, x);
	const denominator = 1 + weight * dot(x, u);
	const next = { ...faded, precision, moment };
	// Of a positive definite matrix it is at least 1: below, rounding has spoiled the inverse.
	if (denominator < 1 - 1e-9) return withInverse(next, settings.dimension);
	const inverse = withOuter(faded.inverse, u, -weight / denominator);
	return { ...next, inverse, weights: times(inverse, moment) };
}

function fade(arm: LinearArm, now: number, { gamma, ridge, dimension }: ArmSettings): LinearArm {
	const factor = gamma ** Math.min(Math.max(0, now - arm.learnedAt), MOST_SILENT_CALLS);
	if (factor === 1) return arm.learnedAt === now ? arm : { ...arm, learnedAt: Math.max(arm.learnedAt, now) };
	const ridgeLeft = arm.ridgeLeft * factor;
	const kept = { ...arm, precision: scaled(arm.precision, factor), moment: scaled(arm.moment, factor), learnedAt: now };
	if (ridgeLeft >= ridge * LEAST_RIDGE) return { ...kept, inverse: scaled(arm.inverse, 1 / factor), ridgeLeft };
	const precision = sum(kept.precision, diagonal(dimension, ridge - ridgeLeft));
	return withInverse({ ...kept, precision, ridgeLeft: ridge }, dimension);
}

/** Throws where A is not positive definite, which sums of squares with a ridge always are. */
export function withInverse(arm: Omit<LinearArm, 'inverse' | 'weights'>, dimension: number): LinearArm {
	const inverse = invert(arm.precision, dimension);
	if (inverse === undefined) throw new RangeError('The precision of an arm is not positive definite.');
	return { ...arm, inverse, weights: times(inverse, arm.moment) };
}
