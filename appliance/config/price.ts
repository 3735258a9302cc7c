/** Prices as people write them (USD per million tokens) to prices as the ledger counts them (whole pico-USD a token). */

import type { z } from 'zod';
import type { Price } from '../protocol/deployment.ts';
import type { priceSchema } from './schema/deployment.ts';

type PriceConfig = z.infer<typeof priceSchema>;
export type ToolFees = Pick<PriceConfig, 'webSearchUsdPerThousand' | 'webFetchUsdPerThousand' | 'source' | 'date'>;
type Rates = Omit<PriceConfig, 'source' | 'date' | 'longContext'>;

/** $p per million tokens is p · 10⁶ pico-USD a token. Finer fractions are rounded up, so that a bound stays a bound. */
function picoUsd(usdPerMillion: number): number {
	// The subtraction swallows the binary error of figures like 0.07, far below the finest price anyone charges.
	return Math.max(0, Math.ceil(usdPerMillion * 1e6 - 1e-4));
}

function toRates(config: Rates) {
	const input = picoUsd(config.inputUsdPerMillion);
	const write = config.cacheWriteUsdPerMillion === undefined ? input : picoUsd(config.cacheWriteUsdPerMillion);
	return {
		inputPicoUsd: input,
		outputPicoUsd: picoUsd(config.outputUsdPerMillion),
		cacheReadPicoUsd: config.cacheReadUsdPerMillion === undefined ? input : picoUsd(config.cacheReadUsdPerMillion),
		cacheWritePicoUsd: write,
		cacheWrite1hPicoUsd: config.cacheWrite1hUsdPerMillion === undefined ? write : picoUsd(config.cacheWrite1hUsdPerMillion),
	};
}

export function toPrice(config: PriceConfig): Price {
	const { longContext } = config;
	return {
		...toRates(config),
		...(longContext === undefined ? {} : { longContext: { aboveTokens: longContext.aboveTokens, ...toRates(longContext) } }),
		...feesOf(config),
		source: config.source,
		date: config.date,
	};
}

/** A fee of $d for a thousand uses is d · 10⁶ nano-USD a use. */
const nanoUsdEach = (usdPerThousand: number): number => Math.round(usdPerThousand * 1e6);

function feesOf({ webSearchUsdPerThousand, webFetchUsdPerThousand, source, date }: ToolFees): Pick<Price, 'serverToolFees'> {
	if (webSearchUsdPerThousand === undefined && webFetchUsdPerThousand === undefined) return {};
	const nanoUsd = {
		...(webSearchUsdPerThousand === undefined ? {} : { 'web-search': nanoUsdEach(webSearchUsdPerThousand) }),
		...(webFetchUsdPerThousand === undefined ? {} : { 'web-fetch': nanoUsdEach(webFetchUsdPerThousand) }),
	};
	return { serverToolFees: { nanoUsd, source, date } };
}

/** The vendor's fees under those that the operator states. */
export function withVendorFees(price: Price | null, vendor: ToolFees | undefined): Price | null {
	const fees = vendor && feesOf(vendor).serverToolFees;
	if (price === null || fees === undefined) return price;
	const own = price.serverToolFees;
	return { ...price, serverToolFees: { ...fees, ...own, nanoUsd: { ...fees.nanoUsd, ...own?.nanoUsd } } };
}

export const FREE: Price = toPrice({ inputUsdPerMillion: 0, outputUsdPerMillion: 0, source: 'runs on the box', date: '2026-11-23' });
