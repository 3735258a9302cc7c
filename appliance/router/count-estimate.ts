/** A count of tokens that no deployment in reach can make, though one of them would answer the call: about how many they are. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { type Case, inputTokensAt } from './case.ts';
import { crossingTokens } from './crossing.ts';
import type { Eligibility } from './eligibility.ts';
import { isNamed } from './model-name.ts';

export interface CountEstimate {
	readonly inputTokens: number;
	readonly reason: Reason;
}

/**
 * Clients count before they compact: an error would leave them with less than a guess. Undefined where the call would
 * not be answered either, which its caller should hear.
 */
export function estimateCount(one: Case, checked: readonly Eligibility[]): CountEstimate | undefined {
	const { call } = one.input;
	if (call.operation !== 'count-tokens') return undefined;
	const deployment = firstOf(
		one,
		checked.flatMap((each) => (onlySpeaksOtherwise(each) ? [each.deployment] : [])),
	);
	if (deployment === undefined) return undefined;
	return {
		inputTokens: inputTokensAt(one, deployment) + crossingTokens(call, deployment),
		reason: {
			step: 'choose',
			code: 'count-estimated',
			text: `${deployment.id} would answer the call and does not count in ${call.dialect}: the number is the box's own estimate, by the bytes.`,
			deployment: deployment.id,
		},
	};
}

const onlySpeaksOtherwise = ({ faults }: Eligibility): boolean => faults.length === 1 && faults[0]?.code === 'other-dialect';

/** The one that the caller names, else the first of the first tier. */
function firstOf({ tiers, input }: Case, able: readonly Deployment[]): Deployment | undefined {
	const named = able.find((deployment) => isNamed(deployment, input.call.model));
	return named ?? able.toSorted((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier) || a.order - b.order)[0];
}
