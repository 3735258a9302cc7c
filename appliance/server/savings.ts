/** What the same tokens would have cost at the frontier: a comparison by kind of call, from what the history has. */

import type { SavingsReport } from '../protocol/admin.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { DietSums } from '../protocol/diet.ts';
import type { MeasuredSavings } from '../protocol/experiment.ts';
import type { UseRow } from '../protocol/ports.ts';
import type { Role, Tier } from '../protocol/words.ts';
import { costNanoUsd } from '../router/price.ts';

/** The frontier deployment that a call would be sent to first; undefined where none has a price. */
export function frontierOf(deployments: readonly Deployment[], notConfigured: Readonly<Record<string, string>>): Deployment | undefined {
	const frontier = deployments.filter(({ tier, price }) => tier === 'frontier' && price !== null);
	const usable = frontier.filter(({ id }) => notConfigured[id] === undefined);
	return (usable.length > 0 ? usable : frontier).toSorted((a, b) => a.order - b.order)[0];
}

/** Calls that stayed at the frontier are counted with what they cost, whichever of its models answered. */
export function savingsOf(
	rows: readonly UseRow[],
	deployments: readonly Deployment[],
	frontier: Deployment | undefined,
	measured: MeasuredSavings | undefined,
	diet: readonly DietSums[] = [],
): SavingsReport {
	const tiers = new Map<string, Tier>(deployments.map(({ id, tier }) => [id, tier]));
	const kinds = new Map<string, SavingsReport['kinds'][number]>();
	let uncounted = 0;
	for (const row of rows) {
		uncounted += row.uncounted;
		// A deployment that is configured no more: nobody knows its tier.
		const tier = tiers.get(row.deployment) ?? (row.deployment === 'local' ? 'local' : undefined);
		if (tier === undefined || row.calls === 0) continue;
		const name = `${row.role} ${tier}`;
		const before = kinds.get(name) ?? emptyKind(row.role, tier);
		kinds.set(name, {
			...before,
			calls: before.calls + row.calls,
			costNanoUsd: before.costNanoUsd + row.costNanoUsd,
			frontierNanoUsd: before.frontierNanoUsd + (tier === 'frontier' ? row.costNanoUsd : costAt(frontier, row)),
		});
	}
	const order = (a: { readonly frontierNanoUsd: number; readonly costNanoUsd: number }) => a.frontierNanoUsd - a.costNanoUsd;
	return { measured, diet, frontier: frontier?.id, uncounted, kinds: [...kinds.values()].toSorted((a, b) => order(b) - order(a)) };
}

const emptyKind = (role: Role, tier: Tier) => ({ role, tier, calls: 0, costNanoUsd: 0, frontierNanoUsd: 0 });

/** At the usual rates: the dearer ones of long calls are left out, so that a saving is rather told too small. */
function costAt(frontier: Deployment | undefined, row: UseRow): number {
	const price = frontier?.price;
	if (price === undefined || price === null) return 0;
	return costNanoUsd([
		[row.inputTokens, price.inputPicoUsd],
		[row.cacheReadTokens, price.cacheReadPicoUsd],
		[row.cacheWriteTokens, price.cacheWritePicoUsd],
		[row.outputTokens, price.outputPicoUsd],
	]);
}
