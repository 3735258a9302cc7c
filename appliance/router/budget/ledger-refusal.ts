/** How the ledger says no: what bounds the call, how much is left, and what to do. */

import { Problem } from '../../protocol/problem.ts';
import type { Bound } from './ledger-accounts.ts';
import { nextPeriodDate, type Periods } from './ledger-period.ts';
import { formatUsd } from './usd.ts';

const NANO = 1_000_000_000;

const BOUND_NAMES: Readonly<Record<Bound['by'], string>> = {
	'member-day': "member's budget of the day",
	'member-month': "member's budget of the month",
	'team-day': "team's budget of the day",
	'team-month': "team's budget of the month",
};

const BOUND_SETTINGS: Readonly<Record<Bound['by'], string>> = {
	'member-day': 'budgets.memberDayUsd (or that member)',
	'member-month': 'budgets.memberMonthUsd (or that member)',
	'team-day': 'budgets.teamDayUsd',
	'team-month': 'budgets.teamMonthUsd',
};

/** The tree itself cannot take the call. */
export function treeExhausted(neededNanoUsd: number, leftNanoUsd: number, ceilingNanoUsd: number): Problem {
	return new Problem(
		'budget-exhausted',
		`This call can cost up to ${formatUsd(neededNanoUsd)}, but its call tree has ${formatUsd(leftNanoUsd)} of its ` +
			`${formatUsd(ceilingNanoUsd)} left. Ask for less output, start a new prompt, or raise budgets.treeUsd.`,
		{ details: { boundBy: 'tree', neededNanoUsd, leftNanoUsd, ceilingNanoUsd } },
	);
}

/** A member's or the team's budget cannot take the call. */
export function budgetExhausted(neededNanoUsd: number, leftNanoUsd: number, bound: Bound, periods: Periods): Problem {
	const resetsAt = `${nextPeriodDate(periods, bound.by.endsWith('day') ? 'day' : 'month')}T00:00Z`;
	return new Problem(
		'budget-exhausted',
		`This call can cost up to ${formatUsd(neededNanoUsd)}, but the ${BOUND_NAMES[bound.by]} has ${formatUsd(Math.max(leftNanoUsd, 0))} left of ` +
			`${formatUsd(bound.ceilingNanoUsd)}: ${formatUsd(bound.settledNanoUsd)} is spent, ${formatUsd(bound.heldNanoUsd)} is set aside for open call trees. ` +
			`Ask for less output, wait until ${resetsAt}, or raise ${BOUND_SETTINGS[bound.by]}.`,
		{
			details: {
				boundBy: bound.by,
				neededNanoUsd,
				leftNanoUsd,
				ceilingNanoUsd: bound.ceilingNanoUsd,
				settledNanoUsd: bound.settledNanoUsd,
				heldNanoUsd: bound.heldNanoUsd,
				resetsAt,
			},
		},
	);
}

/** As many trees as a member may have are all at work. */
export function tooManyTrees(openTrees: number): Problem {
	return new Problem('rate-limited', `${openTrees} call trees of this member are running, as many as budgets.openTreesPerMember allows.`, {
		isRetryable: true,
		retryAfterSeconds: 10,
		details: { boundBy: 'open-trees', openTrees },
	});
}

/** A call id that was settled cannot hold money again. */
export function alreadySettled(callId: string): Problem {
	return new Problem('internal', `The call ${callId} was settled; it cannot reserve again.`);
}

/** Throws a RangeError for anything but a whole, safe, non-negative amount: a caller's mistake, not a caller's input. */
export function assertNanoUsd(nanoUsd: number): void {
	if (!isNanoUsd(nanoUsd)) throw new RangeError(`${nanoUsd} is not an amount in nano-USD (a whole number from 0 to ${1_000_000 * NANO})`);
}

/** Whole, not negative, and at most a million dollars: sums stay exact in a double. */
export function isNanoUsd(nanoUsd: number): boolean {
	return Number.isSafeInteger(nanoUsd) && nanoUsd >= 0 && nanoUsd <= 1_000_000 * NANO;
}
