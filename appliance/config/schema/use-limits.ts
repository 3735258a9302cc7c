/** How much may be asked of somebody: a deployment, a key of a provider, or the box by a member. */

import { z } from 'zod';
import { count } from './values.ts';

const ratesOfUse = {
	requestsPerMinute: count.max(1_000_000).optional().describe('Most calls in any 60 seconds.'),
	parallelCalls: count.max(100_000).optional().describe('Most calls at once.'),
};

export const limitsOfUseSchema = z.strictObject({
	...ratesOfUse,
	tokensPerMinute: count
		.max(10_000_000_000)
		.optional()
		.describe('Most tokens in any 60 seconds, input and output together: estimated when a call begins, corrected by its usage.'),
	isCacheReadCounted: z
		.boolean()
		.default(true)
		.describe('Whether tokens read from the prompt cache count; false for vendors that leave them out, as Anthropic does.'),
});

export const memberLimitsSchema = z.strictObject(ratesOfUse);
