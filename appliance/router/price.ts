/** Costs in whole nano-USD from prices in pico-USD a token: bounds rounded up, sums that cannot overflow. */

import type { Call } from '../protocol/call.ts';
import type { Deployment, LongContextPrice, Price } from '../protocol/deployment.ts';
import type { Affinity } from '../protocol/plan.ts';
import { boundInputTokens } from './input-size.ts';

export type Rates = Omit<LongContextPrice, 'aboveTokens'>;
export type PricedTokens = readonly (readonly [tokens: number, picoUsd: number])[];

const PICO_IN_NANO = 1_000n;
const MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Σ tokens × rate, rounded up to a nano-USD. Beyond what a number holds exactly (nine million dollars) it stays there. */
export function costNanoUsd(parts: PricedTokens): number {
	let pico = 0n;
	for (const [tokens, rate] of parts) {
		if (!Number.isSafeInteger(tokens) || tokens < 0 || !Number.isSafeInteger(rate) || rate < 0) {
			throw new RangeError(`tokens and prices are whole and not negative: ${tokens} × ${rate}`);
		}
		pico += BigInt(tokens) * BigInt(rate);
	}
	const nano = (pico + PICO_IN_NANO - 1n) / PICO_IN_NANO;
	return Number(nano > MAX ? MAX : nano);
}

/** The rates of a call whose input has this many tokens. */
export function ratesFor(price: Price, inputTokens: number): Rates {
	const { longContext } = price;
	return longContext !== undefined && inputTokens > longContext.aboveTokens ? longContext : price;
}

/** The most that a call can cost at one deployment, as a function of its output cap. */
export interface CostBound {
	readonly inputTokens: number;
	worstNanoUsd(outputCapTokens: number): number;
	/** The largest cap whose worst cost stays within this much; negative when not even the input does. */
	capWithin(nanoUsd: number): number;
}

/** What goes with its caller's own login costs nothing here. A price that is not known bounds nothing: such a deployment is kept off keys with a ceiling, and counts as zero elsewhere. */
export function boundCost(call: Call, deployment: Deployment, affinity: Affinity | undefined): CostBound {
	const inputTokens = boundInputTokens(call, deployment, affinity);
	const { price } = deployment;
	if (price === null || deployment.isOwnLogin === true)
		return { inputTokens, worstNanoUsd: () => 0, capWithin: () => Number.MAX_SAFE_INTEGER };
	const rates = ratesFor(price, inputTokens);
	// A cache may be missed, and all of the prompt be written anew.
	const longWrite = call.size.hasLongCacheWrite === false ? 0 : rates.cacheWrite1hPicoUsd;
	const inputRate = Math.max(rates.inputPicoUsd, rates.cacheReadPicoUsd, rates.cacheWritePicoUsd, longWrite);
	const worstNanoUsd = (cap: number) =>
		costNanoUsd([
			[inputTokens, inputRate],
			[cap, rates.outputPicoUsd],
		]);
	return {
		inputTokens,
		worstNanoUsd,
		capWithin: (nanoUsd) => {
			const left = BigInt(Math.floor(nanoUsd)) * PICO_IN_NANO - BigInt(inputTokens) * BigInt(inputRate);
			if (left < 0n) return -1;
			return rates.outputPicoUsd === 0 ? Number.MAX_SAFE_INTEGER : Number(left / BigInt(rates.outputPicoUsd));
		},
	};
}

/** The most that a call can cost at a deployment under an output cap, in nano-USD. */
export function worstCostNanoUsd(call: Call, deployment: Deployment, outputCapTokens: number, affinity?: Affinity): number {
	return boundCost(call, deployment, affinity).worstNanoUsd(outputCapTokens);
}
