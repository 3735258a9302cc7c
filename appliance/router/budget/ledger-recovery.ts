/** What becomes of a ledger whose process died: nothing that an upstream may still bill is forgotten. */

import type { LedgerState, LedgerTime } from './ledger-state.ts';

export interface Recovery {
	/** Dispatched calls that were settled at their bound. */
	readonly settledCalls: number;
	/** Calls that were never sent. */
	readonly releasedCalls: number;
	/** Charged for events that the crash may have taken along. */
	readonly unknownNanoUsd: number;
	readonly closedTrees: number;
}

/**
 * Settles dispatched calls at their bound and closes every tree. Where the journal's tail is known to be whole
 * (`isTailKnown`), calls never sent are released and nothing else is charged; otherwise a later event may have sent
 * them or others, but never beyond the tree's durable exposure: so the rest of that is charged as well.
 * The charges land in the last day that the journal knows; `time` must not move it.
 */
export function recoverLedger(state: LedgerState, isTailKnown: boolean): Recovery {
	const time: LedgerTime = { wallMs: state.wallMs, nowMs: 0 };
	const calls = state.heldCalls();
	const settledCalls = calls.filter((call) => call.isDispatched).length;
	for (const call of calls) state.endAtBound(call.callId, 'unsettled at a crash', time);
	const trees = state.openTrees();
	let unknownNanoUsd = 0;
	for (const tree of trees) {
		const before = tree.spentNanoUsd;
		state.closeCrashed(tree, isTailKnown);
		unknownNanoUsd += tree.spentNanoUsd - before;
	}
	return { settledCalls, releasedCalls: calls.length - settledCalls, unknownNanoUsd, closedTrees: trees.length };
}
