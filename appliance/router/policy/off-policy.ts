/** What another policy would have reached on calls that were routed by this one: inverse propensity, its self-normalised form, doubly robust. */

export interface LoggedCall {
	readonly arm: string;
	/** Probability with which it was taken, above 0. */
	readonly propensity: number;
	readonly reward: number;
	/** Probability with which the policy in question takes the same arm. */
	readonly targetPropensity: number;
	/** What a model of rewards expects of the arm that was taken. */
	readonly expected: number;
	/** And of the policy in question: the sum over arms of its propensity times their expected reward. */
	readonly targetExpected: number;
}

export interface OffPolicyValue {
	readonly ips: number;
	readonly snips: number;
	readonly doublyRobust: number;
	/** Kish's count of calls that carry the estimate: far below the count of calls, it says little. */
	readonly effectiveCalls: number;
	/** Standard error of `doublyRobust`. */
	readonly standardError: number;
}

/** One call that was very unlikely must not decide all: weights are cut here. */
const MOST_WEIGHT = 50;

/** NaN where there is no call. */
export function offPolicyValue(calls: readonly LoggedCall[]): OffPolicyValue {
	const weighed = calls.map((call) => ({ call, weight: Math.min(MOST_WEIGHT, call.targetPropensity / call.propensity) }));
	const n = calls.length;
	const weights = weighed.reduce((sum, { weight }) => sum + weight, 0);
	const squares = weighed.reduce((sum, { weight }) => sum + weight ** 2, 0);
	const rewards = weighed.reduce((sum, { call, weight }) => sum + weight * call.reward, 0);
	const robust = weighed.map(({ call, weight }) => call.targetExpected + weight * (call.reward - call.expected));
	const doublyRobust = robust.reduce((sum, value) => sum + value, 0) / n;
	const spread = robust.reduce((sum, value) => sum + (value - doublyRobust) ** 2, 0) / Math.max(1, n - 1);
	return {
		ips: rewards / n,
		snips: weights === 0 ? Number.NaN : rewards / weights,
		doublyRobust,
		effectiveCalls: squares === 0 ? 0 : weights ** 2 / squares,
		standardError: Math.sqrt(spread / n),
	};
}
