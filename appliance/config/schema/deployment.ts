/** Models at upstreams: what they hold, and what they cost. */

import { z } from 'zod';
import { MODALITIES, TIERS } from '../../protocol/words.ts';
import { limitsOfUseSchema } from './use-limits.ts';
import { count, name, usd } from './values.ts';

const rates = {
	inputUsdPerMillion: usd,
	outputUsdPerMillion: usd,
	cacheReadUsdPerMillion: usd.optional().describe('Default: the input price.'),
	cacheWriteUsdPerMillion: usd.optional().describe('Default: the input price.'),
	cacheWrite1hUsdPerMillion: usd.optional().describe('Default: the price of a shorter cache write.'),
};

export const priceSchema = z.strictObject({
	...rates,
	longContext: z
		.strictObject({ aboveTokens: count, ...rates })
		.optional()
		.describe('Dearer rates for the whole of a call whose input is longer.'),
	webSearchUsdPerThousand: usd.optional().describe("Fee of the vendor's own web search. Default: the catalogue's for the model."),
	webFetchUsdPerThousand: usd.optional().describe("Fee of the vendor's own web fetch. Default: the catalogue's for the model."),
	source: z.string().min(1).describe('Where the figures were read.'),
	date: z.iso.date().describe('When they were read.'),
});

export const deploymentSchema = z.strictObject({
	id: name.describe('Your name for it.'),
	provider: name,
	model: z.string().min(1).describe("The upstream's model id."),
	tier: z.enum(TIERS).optional().describe('Default: the catalogue entry of the model.'),
	order: z.number().int().min(0).default(0).describe('Lower is tried first within a tier.'),
	weight: z
		.number()
		.nonnegative()
		.max(1_000_000)
		.optional()
		.describe('Share of the load among deployments of equal rank; default 1. 0 comes after all others.'),
	limits: limitsOfUseSchema.optional().describe('What it may be asked for; a call that finds it at a limit goes to the next candidate.'),
	contextTokens: count.optional().describe('Input and output together. Default: the catalogue.'),
	maxInputTokens: count.optional().describe('Where the upstream bounds the input by itself. Default: the catalogue.'),
	maxOutputTokens: count.optional().describe('Default: the catalogue.'),
	maxTokensPerMedia: count.optional().describe('Most input tokens of one inline image. Default: the catalogue, else 16000.'),
	modalities: z.array(z.enum(MODALITIES)).min(1).optional(),
	price: priceSchema.nullable().optional().describe('Default: the catalogue. null is unknown: never used on a key with a ceiling.'),
});
