/**
 * What the soft pacer is to steer to, so that the hard filter is seldom needed: below the target until there is room for
 * the dearest call that shall stay possible, and above it while there is more room than that.
 */

import type { GuardSettings } from './spend-guard.ts';

export interface Slack {
	/** Deployments whose worst case is above so many target costs are out of reach: nothing is saved for them. */
	readonly reachCalls: number;
	/** The room that is kept, as a multiple of the dearest worst case within reach. */
	readonly margin: number;
	/** Least and most that is steered to, as multiples of the target. */
	readonly least: number;
	readonly most: number;
}

/** At least the opening credit, which is there to be kept. @param worstNanoUsd of the call at each deployment */
export function wantedRoomNanoUsd(worstNanoUsd: readonly number[], guard: GuardSettings, { reachCalls, margin }: Slack): number {
	const within = worstNanoUsd.filter((worst) => worst <= reachCalls * guard.targetNanoUsd);
	return Math.max(guard.openingCreditNanoUsd, margin * Math.max(0, ...within));
}

/** A multiple of the target: `least` without any room, 1 at the wanted, `most` at twice the wanted and beyond. */
export function pacedTarget(headroomNanoUsd: number, wantedNanoUsd: number, { least, most }: Slack): number {
	if (wantedNanoUsd <= 0) return 1;
	const share = headroomNanoUsd / wantedNanoUsd;
	return share < 1 ? least + (1 - least) * share : Math.min(most, 1 + (most - 1) * (share - 1));
}
