/** What a call really cost, from the usage that its upstream reported. */

import type { Deployment } from '../protocol/deployment.ts';
import type { Usage } from '../protocol/stream.ts';
import { costNanoUsd, feesNanoUsd, ratesFor, unpricedTools } from './price.ts';

export interface PricedUsage {
	readonly costNanoUsd: number;
	/** True when the usage was not told (whole) and the bound stands in for it. */
	readonly isBound: boolean;
}

/**
 * Missing usage costs the bound, never zero. Only input and output must be told: an upstream without a prompt cache
 * says nothing about one, and what it does not say it does not bill apart.
 *
 * @param boundNanoUsd what was reserved for this try
 */
export function priceUsage(usage: Usage, deployment: Deployment, boundNanoUsd: number): PricedUsage {
	const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = usage;
	const { price } = deployment;
	if (price === null || inputTokens === undefined || outputTokens === undefined) return { costNanoUsd: boundNanoUsd, isBound: true };
	const rates = ratesFor(price, inputTokens + cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens);
	const cost = costNanoUsd([
		[inputTokens, rates.inputPicoUsd],
		[cacheReadTokens, rates.cacheReadPicoUsd],
		[cacheWriteTokens, rates.cacheWritePicoUsd],
		[cacheWrite1hTokens, rates.cacheWrite1hPicoUsd],
		[outputTokens, rates.outputPicoUsd],
	]);
	// A use without a known fee makes the sum a guess: the bound stands in where it is higher.
	if (unpricedTools(usage.serverToolUses, price).length > 0) return { costNanoUsd: Math.max(cost, boundNanoUsd), isBound: true };
	return { costNanoUsd: cost + feesNanoUsd(usage.serverToolUses, price), isBound: false };
}
