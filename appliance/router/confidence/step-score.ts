/** What the probabilities of a step's tokens say of it, as one number. */

/** A token that sampling was forced to take has no meaning beyond this. */
const LEAST_PROBABILITY = 1e-4;

/** Geometric mean of the chosen tokens' probabilities: exp of the length-normalised log-likelihood; 1 for no tokens. */
export function meanProbability(probabilities: readonly number[]): number {
	if (probabilities.length === 0) return 1;
	const sum = probabilities.reduce((total, one) => total + Math.log(Math.min(1, Math.max(LEAST_PROBABILITY, one))), 0);
	return Math.exp(sum / probabilities.length);
}

export const leastProbability = (probabilities: readonly number[]): number => Math.min(1, ...probabilities);

const MOST = 0.9975;

/** On the logit, where probabilities near one spread out enough for a Gaussian. */
export function stepScore(probabilities: readonly number[]): number {
	const mean = Math.min(MOST, meanProbability(probabilities));
	return Math.log(mean / (1 - mean));
}
