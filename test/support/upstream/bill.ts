/** The stand-in's own bill: what a vendor would charge by list price, kept without looking at anyone's ledger. */

/** Tokens of one call by the rate that they are billed at. */
export interface BilledTokens {
	readonly inputTokens: number;
	readonly cacheReadTokens: number;
	readonly cacheWriteTokens: number;
	readonly cacheWrite1hTokens: number;
	readonly outputTokens: number;
	/** Searches that the vendor ran itself, at a fee each. */
	readonly webSearches?: number;
}

/** List price in pico-USD a token; $1 per million tokens is 1,000,000. */
export interface ListPrice {
	readonly inputPicoUsd: number;
	readonly outputPicoUsd: number;
	readonly cacheReadPicoUsd: number;
	readonly cacheWritePicoUsd: number;
	readonly cacheWrite1hPicoUsd: number;
}

/** Price of every model that the price list does not name: $3 in, $15 out, with the usual cache multipliers. */
const DEFAULT_PRICE: ListPrice = {
	inputPicoUsd: 3_000_000,
	outputPicoUsd: 15_000_000,
	cacheReadPicoUsd: 300_000,
	cacheWritePicoUsd: 3_750_000,
	cacheWrite1hPicoUsd: 6_000_000,
};

/** Fee of one search, pico-USD: $10 a thousand. */
const SEARCH_PICO_USD = 10_000_000_000;

/** One line of the bill; `outputTokens` grows while the answer is generated, whether or not anyone still reads it. */
export interface Charge {
	readonly model: string;
	readonly tokens: BilledTokens;
	/** Open while generating; a cut or abandoned answer is billed for what was generated. */
	readonly state: 'open' | 'complete' | 'cut' | 'aborted';
}

/** Exact cost of some tokens, pico-USD. */
function costPicoUsd(tokens: BilledTokens, price: ListPrice): number {
	return (
		tokens.inputTokens * price.inputPicoUsd +
		tokens.cacheReadTokens * price.cacheReadPicoUsd +
		tokens.cacheWriteTokens * price.cacheWritePicoUsd +
		tokens.cacheWrite1hTokens * price.cacheWrite1hPicoUsd +
		tokens.outputTokens * price.outputPicoUsd +
		(tokens.webSearches ?? 0) * SEARCH_PICO_USD
	);
}

/** All charges of one stand-in. */
export class Bill {
	readonly #prices: Readonly<Record<string, ListPrice>>;
	readonly #charges: { model: string; tokens: BilledTokens; state: Charge['state'] }[] = [];

	constructor(prices: Readonly<Record<string, ListPrice>> = {}) {
		this.#prices = prices;
	}

	get charges(): readonly Charge[] {
		return this.#charges;
	}

	/** Opens a line for an accepted call: its input is billed from now on. */
	open(model: string, input: Omit<BilledTokens, 'outputTokens'>) {
		const line = { model, tokens: { ...input, outputTokens: 0 }, state: 'open' as Charge['state'] };
		this.#charges.push(line);
		return {
			addOutput(outputTokens: number): void {
				line.tokens = { ...line.tokens, outputTokens: line.tokens.outputTokens + outputTokens };
			},
			close(state: 'complete' | 'cut' | 'aborted'): void {
				if (line.state === 'open') line.state = state;
			},
		};
	}

	/** What all calls cost until now, nano-USD, each call rounded up. */
	totalNanoUsd(): number {
		let total = 0;
		for (const { model, tokens } of this.#charges) total += Math.ceil(costPicoUsd(tokens, this.#prices[model] ?? DEFAULT_PRICE) / 1_000);
		return total;
	}
}

export type ChargeLine = ReturnType<Bill['open']>;
