/** The budgets and scopes of the kill test, shared by the process that is killed and the one that looks afterwards. */

import type { Budgets, LedgerScope } from '../../appliance/protocol/ports.ts';

export const KILL_TREE_NANO_USD = 4_000;

/** One member soon meets the day's budget; the others do not. */
export const KILL_BUDGETS: Budgets = {
	treeNanoUsd: KILL_TREE_NANO_USD,
	memberDayNanoUsd: 1_000_000,
	memberMonthNanoUsd: undefined,
	teamDayNanoUsd: 4_000_000,
	teamMonthNanoUsd: 100_000_000,
	treeIdleMs: 60_000,
	openTreesPerMember: 4,
};

/** Lanes share members, and two lanes share each tree; a lane changes its tree every so many calls. */
export function killScope(lane: number, number: number, round: string): LedgerScope {
	return {
		keyId: 'k1',
		memberId: `m${lane % 4}`,
		treeKey: `${round}-${lane % 4}-${Math.floor(number / 25)}`,
		sessionId: undefined,
		hasCeiling: true,
		treeCeilingNanoUsd: KILL_TREE_NANO_USD,
	};
}
