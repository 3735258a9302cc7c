/** What the operator sets about the context diet: off unless it is turned on, for everybody or for single members. */

import { z } from 'zod';
import { DIET_MODES, type DietSettings } from '../protocol/diet.ts';

const mode = z.enum(DIET_MODES);

export const dietSchema = z.strictObject({
	mode: mode
		.default('off')
		.describe(
			'Trim tool results when they first appear: off, observe (count what would be trimmed, and trim nothing), on (docs/savings.md).',
		),
	members: z.record(z.string().min(1), mode).default({}).describe('By member’s name, in the place of `mode`.'),
	leastBytes: z.number().int().min(256).max(1_000_000).default(2_048).describe('Shorter tool results stay as they are.'),
	longLogLines: z
		.number()
		.int()
		.min(60)
		.max(100_000)
		.default(150)
		.describe('A log of a build, a test or an install that has more lines is cut to its ends and what stands around its errors.'),
	exactTools: z.array(z.string().min(1)).default([]).describe('Tools whose results are never touched.'),
	hasSummaries: z
		.boolean()
		.default(false)
		.describe('The box’s own model sums up long logs while nobody calls; a summary is used where the same log appears anew.'),
});

export const toDiet = (config: z.infer<typeof dietSchema>): DietSettings => config;
