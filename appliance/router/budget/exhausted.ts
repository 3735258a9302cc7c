/** The refusal of a call that no budget holds: what is left, of what, and what would be needed. */

import type { Allowance } from '../../protocol/plan.ts';
import { Problem } from '../../protocol/problem.ts';
import { formatUsd } from './usd.ts';

const BOUND_BY = {
	tree: "this call tree's ceiling",
	'member-day': "the member's day",
	'member-month': "the member's month",
	'team-day': "the team's day",
	'team-month': "the team's month",
	mean: 'the mean cost that calls of this period may have',
	none: 'no budget',
	clock: 'what may be spent before the clock is set',
} as const;

export function exhausted({ nanoUsd, boundBy, ceilingNanoUsd, spentNanoUsd, problem }: Allowance, neededNanoUsd: number): Problem {
	if (problem !== undefined) return problem;
	const ceiling = ceilingNanoUsd === undefined ? '' : ` of ${formatUsd(ceilingNanoUsd)}`;
	const spent = spentNanoUsd === undefined ? '' : ` (${formatUsd(spentNanoUsd)} is spent or reserved)`;
	const text =
		`The budget does not hold this call: at least ${formatUsd(neededNanoUsd)} has to be reserved for it, ` +
		`and ${formatUsd(nanoUsd)}${ceiling} is left of ${BOUND_BY[boundBy]}${spent}. ` +
		'Shorten the prompt, wait for running calls, or ask the operator for a higher budget.';
	return new Problem('budget-exhausted', text, { details: { boundBy, leftNanoUsd: nanoUsd, neededNanoUsd, ceilingNanoUsd, spentNanoUsd } });
}
