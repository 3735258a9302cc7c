/** Costs in whole nano-USD from prices in pico-USD a token: bounds rounded up, sums that cannot overflow. */

import type { Call, ServerToolUses } from '../protocol/call.ts';
import type { Deployment, LongContextPrice, Price } from '../protocol/deployment.ts';
import type { Affinity } from '../protocol/plan.ts';
import { SERVER_TOOLS, type ServerTool } from '../protocol/words.ts';
import { boundInputTokens } from './input-size.ts';

export type Rates = Omit<LongContextPrice, 'aboveTokens'>;
export type PricedTokens = readonly (readonly [tokens: number, picoUsd: number])[];

const PICO_IN_NANO = 1_000n;
const MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Σ tokens × rate, rounded up to a nano-USD. Beyond what a number holds exactly (nine million dollars) it stays there. */
export function costNanoUsd(parts: PricedTokens): number {
	let sum = 0;
	for (const [tokens, rate] of parts) {
		if (!Number.isSafeInteger(tokens) || tokens < 0 || !Number.isSafeInteger(rate) || rate < 0) {
			throw new RangeError(`tokens and prices are whole and not negative: ${tokens} × ${rate}`);
		}
		sum += tokens * rate;
	}
	// Terms that are not negative and have a sum this small were all exact; nearly every call is such a one.
	return sum <= EXACT_PICO_USD ? Math.ceil(sum / 1_000) : largeCostNanoUsd(parts);
}

/** Half of the safe range: no rounding of sum or quotient can matter below it. */
const EXACT_PICO_USD = 2 ** 52;

function largeCostNanoUsd(parts: PricedTokens): number {
	let pico = 0n;
	for (const [tokens, rate] of parts) pico += BigInt(tokens) * BigInt(rate);
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
	/** Of one round. */
	readonly inputTokens: number;
	worstNanoUsd(outputCapTokens: number): number;
	/** The largest cap whose worst cost stays within this much; negative when not even the input does. */
	capWithin(nanoUsd: number): number;
}

/** How the operator wants to be bounded what no byte bounds. */
export interface BoundPolicy {
	/** Most tokens that one use of a vendor's tool puts into the prompt, on the operator's word; undefined: the window bounds it. */
	readonly serverToolResultTokens?: number | undefined;
	/** Input beyond what the caller sent; absent is none. */
	readonly addedInputTokens?: number;
}

/**
 * A vendor that executes tools asks its model again after each round of them, and bills the whole prompt every time. Its
 * documentation ends that loop after 10 rounds. `max_tokens` is taken to bound each round, since nobody says it bounds all.
 */
const SERVER_TOOL_ROUNDS = 10;

/** What goes with its caller's own login costs nothing here. A price that is not known bounds nothing: such a deployment is kept off keys with a ceiling, and counts as zero elsewhere. */
export function boundCost(call: Call, deployment: Deployment, affinity: Affinity | undefined, policy: BoundPolicy = {}): CostBound {
	const { serverToolUses, choiceCount = 1 } = call.size;
	const rounds = serverToolUses === undefined ? 1 : SERVER_TOOL_ROUNDS;
	const inputTokens = roundInputTokens(call, deployment, affinity, policy);
	const { price } = deployment;
	if (price === null || deployment.isOwnLogin === true)
		return { inputTokens, worstNanoUsd: () => 0, capWithin: () => Number.MAX_SAFE_INTEGER };
	const rates = dearestRates(price, inputTokens * rounds);
	// A cache may be missed, and all of the prompt be written anew.
	const longWrite = call.size.hasLongCacheWrite === false ? 0 : rates.cacheWrite1hPicoUsd;
	const inputRate = Math.max(rates.inputPicoUsd, rates.cacheReadPicoUsd, rates.cacheWritePicoUsd, longWrite);
	const outputRate = rates.outputPicoUsd * rounds * choiceCount;
	const fees = feesNanoUsd(serverToolUses, price);
	const worstNanoUsd = (cap: number) =>
		fees +
		costNanoUsd([
			[inputTokens * rounds, inputRate],
			[cap, outputRate],
		]);
	return {
		inputTokens,
		worstNanoUsd,
		capWithin: (nanoUsd) => {
			const left = BigInt(Math.floor(nanoUsd - fees)) * PICO_IN_NANO - BigInt(inputTokens * rounds) * BigInt(inputRate);
			if (left < 0n) return -1;
			const cap = outputRate === 0 ? MAX : left / BigInt(outputRate);
			return Number(cap > MAX ? MAX : cap);
		},
	};
}

/** What the prompt of one round can weigh, results and earlier answers included. */
function roundInputTokens(call: Call, deployment: Deployment, affinity: Affinity | undefined, policy: BoundPolicy): number {
	const sent = boundInputTokens(call, deployment, affinity) + (policy.addedInputTokens ?? 0);
	const { serverToolUses } = call.size;
	if (serverToolUses === undefined) return sent;
	const { serverToolResultTokens } = policy;
	if (serverToolResultTokens === undefined) return Math.max(sent, deployment.contextTokens);
	const uses = Object.values(serverToolUses).reduce((sum, count) => sum + count, 0);
	const answered = SERVER_TOOL_ROUNDS * (call.outputCapTokens ?? deployment.maxOutputTokens);
	return Math.max(sent, Math.min(sent + uses * serverToolResultTokens + answered, deployment.contextTokens));
}

/** Nobody promises that the rates above a step are the dearer ones. */
function dearestRates(price: Price, inputTokens: number): Rates {
	const above = ratesFor(price, inputTokens);
	if (above === price) return price;
	return {
		inputPicoUsd: Math.max(price.inputPicoUsd, above.inputPicoUsd),
		outputPicoUsd: Math.max(price.outputPicoUsd, above.outputPicoUsd),
		cacheReadPicoUsd: Math.max(price.cacheReadPicoUsd, above.cacheReadPicoUsd),
		cacheWritePicoUsd: Math.max(price.cacheWritePicoUsd, above.cacheWritePicoUsd),
		cacheWrite1hPicoUsd: Math.max(price.cacheWrite1hPicoUsd, above.cacheWrite1hPicoUsd),
	};
}

/** Fees of tools that the vendor executes; a tool whose fee is not known counts as zero here and is kept off keys with a ceiling. */
export function feesNanoUsd(uses: ServerToolUses | undefined, { serverToolFees }: Price): number {
	if (uses === undefined) return 0;
	return SERVER_TOOLS.reduce((sum, tool) => sum + (uses[tool] ?? 0) * (serverToolFees?.nanoUsd[tool] ?? 0), 0);
}

/** The tools of a call whose fee at this price is not known. */
export function unpricedTools(uses: ServerToolUses | undefined, price: Price | null): readonly ServerTool[] {
	if (uses === undefined) return [];
	return SERVER_TOOLS.filter((tool) => uses[tool] !== undefined && price?.serverToolFees?.nanoUsd[tool] === undefined);
}

/** For one call and one cap; see `boundCost` for repeated use. */
export function worstCostNanoUsd(call: Call, deployment: Deployment, outputCapTokens: number, affinity?: Affinity): number {
	return boundCost(call, deployment, affinity).worstNanoUsd(outputCapTokens);
}
