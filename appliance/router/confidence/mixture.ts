/**
 * A mixture of two Gaussians over what steps score, fitted while calls come in: one of the steps that the model was sure
 * of, one of those where it was not. After STEER (confidence-guided stepwise routing): the posterior of "sure" decides.
 */

export interface Gaussian {
	/** Share of all steps; both add up to 1. */
	readonly weight: number;
	readonly mean: number;
	readonly variance: number;
}

export interface Mixture {
	readonly unsure: Gaussian;
	readonly sure: Gaussian;
}

/** Keeps a component from closing in on a few equal values. */
const LEAST_VARIANCE = 0.01;
const LEAST_WEIGHT = 0.02;

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

function logDensity(x: number, { weight, mean, variance }: Gaussian): number {
	return Math.log(weight) - LOG_SQRT_2PI - 0.5 * Math.log(variance) - (x - mean) ** 2 / (2 * variance);
}

function shareOfSure(x: number, { unsure, sure }: Mixture): number {
	return 1 / (1 + Math.exp(logDensity(x, unsure) - logDensity(x, sure)));
}

/**
 * Probability that the step is one of the sure ones, never falling in x: beyond the means of the two the value at the
 * mean stands, since the wider of two Gaussians wins far out on both sides.
 */
export function posteriorOfSure(x: number, mixture: Mixture): number {
	return shareOfSure(Math.min(Math.max(x, mixture.unsure.mean), mixture.sure.mean), mixture);
}

/** One round of expectation and maximisation; `prior` counts as so many values of its own. */
function refine(values: readonly number[], from: Mixture, prior: Mixture, priorValues: number): Mixture {
	const shares = values.map((x) => shareOfSure(x, from));
	const total = values.length + priorValues;
	const sure = component(values, shares, prior.sure, priorValues, total);
	const unsure = component(
		values,
		shares.map((share) => 1 - share),
		prior.unsure,
		priorValues,
		total,
	);
	const next = { unsure, sure };
	// Two that have changed sides, or become one, tell nothing apart.
	return next.unsure.mean < next.sure.mean ? next : prior;
}

function component(values: readonly number[], shares: readonly number[], prior: Gaussian, priorValues: number, total: number): Gaussian {
	const ghost = prior.weight * priorValues;
	const mass = shares.reduce((sum, share) => sum + share, ghost);
	const mean = values.reduce((sum, x, i) => sum + x * (shares[i] ?? 0), ghost * prior.mean) / mass;
	const spread = values.reduce(
		(sum, x, i) => sum + (x - mean) ** 2 * (shares[i] ?? 0),
		ghost * (prior.variance + (prior.mean - mean) ** 2),
	);
	const weight = Math.min(1 - LEAST_WEIGHT, Math.max(LEAST_WEIGHT, mass / total));
	return { weight, mean, variance: Math.max(LEAST_VARIANCE, spread / mass) };
}

/** The newest steps, and what was fitted to them. */
export interface OnlineMixture {
	readonly mixture: Mixture;
	readonly recent: readonly number[];
	/** Since the last fit. */
	readonly unfitted: number;
}

const RECENT_STEPS = 512;
const FIT_EVERY = 16;
const ROUNDS = 4;
/** The prior fades as steps come in, but a few strange calls do not push it aside. */
const PRIOR_STEPS = 64;

export const startOf = (prior: Mixture): OnlineMixture => ({ mixture: prior, recent: [], unfitted: 0 });

/** Takes one more step in; every so many the mixture is fitted anew, from where it stands. */
export function observeStep(state: OnlineMixture, x: number, prior: Mixture): OnlineMixture {
	const recent = [...state.recent.slice(1 - RECENT_STEPS), x];
	const unfitted = state.unfitted + 1;
	if (unfitted < FIT_EVERY) return { ...state, recent, unfitted };
	let { mixture } = state;
	for (let round = 0; round < ROUNDS; round += 1) mixture = refine(recent, mixture, prior, PRIOR_STEPS);
	return { mixture, recent, unfitted: 0 };
}
