/** The catalogue: models that the box knows by name, with tier, window, modalities and prices, each figure with source and date. */

import { z } from 'zod';
import type { Price } from '../protocol/deployment.ts';
import { CALL_FEATURES, MODALITIES, TIERS } from '../protocol/words.ts';
import catalogueFile from './catalogue.json' with { type: 'json' };
import { toPrice, withVendorFees } from './price.ts';

const usd = z.number().nonnegative();
const count = z.number().int().positive();
const rates = {
	inputUsdPerMillion: usd,
	outputUsdPerMillion: usd,
	cacheReadUsdPerMillion: usd.optional(),
	cacheWriteUsdPerMillion: usd.optional(),
	cacheWrite1hUsdPerMillion: usd.optional(),
};

const modelSchema = z.strictObject({
	/** The upstream's own id. */
	id: z.string(),
	aliases: z.array(z.string()).default([]),
	name: z.string(),
	vendor: z.enum(['anthropic', 'openai', 'gemini', 'deepseek', 'meta', 'local']),
	tier: z.enum(TIERS),
	order: z.number().int().nonnegative(),
	contextTokens: count.nullable(),
	maxInputTokens: count.optional(),
	maxOutputTokens: count.nullable(),
	modalities: z.array(z.enum(MODALITIES)).min(1),
	/** Most input tokens of one image; a bound, taken above the vendors' formulas. */
	maxTokensPerMedia: z.number().int().nonnegative(),
	/** Of the features that calls use, those that the source does not list for this model. */
	lacks: z.array(z.enum(CALL_FEATURES)).default([]),
	price: z.strictObject({ ...rates, longContext: z.strictObject({ aboveTokens: count, ...rates }).optional() }).nullable(),
	note: z.string().optional(),
});

const toolFeesSchema = z.strictObject({
	webSearchUsdPerThousand: usd.optional(),
	webFetchUsdPerThousand: usd.optional(),
	source: z.string(),
	date: z.iso.date(),
});

const catalogueSchema = z.strictObject({
	source: z.string(),
	date: z.iso.date(),
	/** What vendors take for the tools that they execute, by vendor. */
	serverToolFees: z.record(z.string(), toolFeesSchema),
	models: z.array(modelSchema),
});

export type CatalogueModel = z.infer<typeof modelSchema>;

export const CATALOGUE = catalogueSchema.parse(catalogueFile);

/** By the upstream's id or one of its dated ids. */
export function findModel(id: string): CatalogueModel | undefined {
	return CATALOGUE.models.find((model) => model.id === id || model.aliases.includes(id));
}

/** Null where the catalogue does not know it. */
export function cataloguePrice(model: CatalogueModel): Price | null {
	const price = model.price === null ? null : toPrice({ ...model.price, source: CATALOGUE.source, date: CATALOGUE.date });
	return withToolFees(price, model);
}

/** A price with what the model's vendor takes for its tools, where the price does not say so itself. */
export function withToolFees(price: Price | null, model: CatalogueModel | undefined): Price | null {
	return withVendorFees(price, model && CATALOGUE.serverToolFees[model.vendor]);
}
