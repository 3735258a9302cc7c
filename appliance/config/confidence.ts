/** What the operator sets about answers of the box's own model that are doubted while they are written. */

import { z } from 'zod';
import type { ConfidenceSettings } from '../protocol/confidence.ts';

const share = z.number().min(0).max(1);

const barSchema = (step: number, toolCall: number) =>
	z
		.strictObject({
			step: share.default(step).describe('Probability that a step is one of those the model was sure of, below which it is not released.'),
			toolCall: share.default(toolCall).describe('Probability of the least likely token of a tool call, below which it is not released.'),
		})
		.prefault({});

const samplesSchema = z.strictObject({
	answers: z
		.union([z.literal(0), z.number().int().min(2).max(10)])
		.default(0)
		.describe('How often a short answer is asked for, itself included, before it is released; 0: once. Each takes the time of an answer.'),
	budgetMs: z.number().int().min(10).max(60_000).default(2_000).describe('Those that take longer do not count.'),
	temperature: z.number().min(0.1).max(2).default(0.8),
	mostTokens: z.number().int().min(1).max(256).default(24).describe('Longer answers are not asked for again.'),
	mostEntropy: share.default(0.5).describe('Semantic entropy, 0 all agree to 1 none do, above which the answer is not released.'),
});

export const confidenceSchema = z.strictObject({
	isOn: z
		.boolean()
		.default(false)
		.describe(
			'Judge what the box’s own model writes before it is released, step by step, and have a cloud model go on where it is doubted. Only where the plan of the call has a cloud deployment and its money is reserved.',
		),
	isVerified: z.boolean().default(true).describe('Hold tool calls and claims against what the caller sent, and look at an answer’s form.'),
	isWatched: z.boolean().default(true).describe('Look at the probabilities of the tokens of each step.'),
	samples: samplesSchema.prefault({}),
	roles: z
		.strictObject({ outer: barSchema(0.5, 0.6), mid: barSchema(0.4, 0.5), inner: barSchema(0.2, 0.3) })
		.prefault({})
		.describe('How sure the model must be, by the role of the call.'),
});

export function toConfidence({ samples, roles, ...switches }: z.infer<typeof confidenceSchema>): ConfidenceSettings {
	return { ...switches, samples: samples.answers === 0 ? undefined : samples, bars: roles };
}
