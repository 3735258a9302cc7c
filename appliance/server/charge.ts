/** What one try at a cloud deployment costs: by the usage it reported, or the bound where nobody said. */

import type { Deployment } from '../protocol/deployment.ts';
import type { ReplySummary } from '../protocol/ports.ts';
import type { Usage } from '../protocol/stream.ts';
import { type PricedUsage, priceUsage } from '../router/price-usage.ts';
import type { Try } from './execute.ts';
import type { Walk } from './walk.ts';

/** The upstream may have seen the call and never said what it took. */
export function billBound(walk: Walk, { candidate }: Try, deployment: Deployment): void {
	if (deployment.isOwnLogin === true) return;
	walk.bill(deployment.id, candidate.worstCostNanoUsd, true);
}

/** A reply that was cut is generated on at the upstream: its input is known, its output counts at the cap. */
export function billSummary(walk: Walk, turn: Try, deployment: Deployment, { usage, isComplete }: ReplySummary): void {
	walk.usage = usage;
	if (deployment.isOwnLogin === true) return;
	const { worstCostNanoUsd } = turn.candidate;
	// Rounds of the vendor's own tools are counted at the end alone, and so are answers side by side.
	if (!isComplete && (turn.call.size.serverToolUses ?? turn.call.size.choiceCount) !== undefined) {
		billBound(walk, turn, deployment);
	} else if (isComplete) {
		const { costNanoUsd, isBound } = price(usage, deployment, worstCostNanoUsd);
		walk.bill(deployment.id, costNanoUsd, isBound);
	} else {
		const { costNanoUsd } = price({ ...usage, outputTokens: capOf(turn, deployment) }, deployment, worstCostNanoUsd);
		walk.bill(deployment.id, Math.min(costNanoUsd, worstCostNanoUsd), true);
	}
}

const capOf = ({ call, candidate }: Try, { maxOutputTokens }: Deployment): number =>
	candidate.outputCapTokens ?? call.outputCapTokens ?? maxOutputTokens;

/** Counts that no bill can be made of (negative, broken) count as not said. */
function price(usage: Usage, deployment: Deployment, boundNanoUsd: number): PricedUsage {
	try {
		return priceUsage(usage, deployment, boundNanoUsd);
	} catch {
		return { costNanoUsd: boundNanoUsd, isBound: true };
	}
}
