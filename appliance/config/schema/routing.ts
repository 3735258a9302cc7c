/** Who answers what: roles, names that callers may write, repetitions, and the rules between them. */

import { z } from 'zod';
import { RETRY_ON } from '../../protocol/retries.ts';
import { BALANCE_BY, ROLES, TIERS } from '../../protocol/words.ts';
import { controlSchema } from '../control.ts';
import { count, name } from './values.ts';

const rolePolicy = (tiers: readonly ('frontier' | 'mid' | 'local')[], deadlineMs: number, expectedOutputTokens: number) =>
	z
		.strictObject({
			tiers: z
				.array(z.enum(TIERS))
				.min(1)
				.default([...tiers])
				.describe('Tiers that may answer, the preferred one first.'),
			deadlineMs: count.default(deadlineMs).describe('A local answer expected later than this goes to the cloud.'),
			expectedOutputTokens: count.default(expectedOutputTokens).describe('Output to expect when time and cost are estimated.'),
		})
		.prefault({});

export const rolesSchema = z.strictObject({
	outer: rolePolicy(['frontier', 'mid', 'local'], 600_000, 1_500),
	mid: rolePolicy(['mid', 'frontier', 'local'], 300_000, 1_000),
	inner: rolePolicy(['local', 'mid', 'frontier'], 60_000, 300),
});

export const aliasSchema = z
	.strictObject({
		role: z.enum(ROLES).optional(),
		tier: z.enum(TIERS).optional(),
		deployment: name.optional(),
		data: z.literal('local-only').optional().describe('Text under this name never leaves the box, whoever sends it.'),
	})
	.refine((alias) => Object.keys(alias).length > 0, 'names a role, a tier, a deployment or a data rule');

export const routingSchema = z.strictObject({
	usefulOutputTokens: count.default(1_024).describe('The budget never lowers an output cap below this.'),
	mayDowngradeSafetyClassifier: z
		.boolean()
		.default(false)
		.describe('Let the safety classifier of an agent run on a cheaper tier than it asked for.'),
	unknownFields: z
		.enum(['refuse', 'worst-case'])
		.default('refuse')
		.describe('Top-level fields that the closed list of cost-bearing fields (docs/money.md) does not know, on a key with a ceiling.'),
	serverToolResultTokens: count
		.optional()
		.describe(
			"Most tokens that one use of a vendor's own web search or fetch puts into the prompt, on your word. Default: the window bounds it.",
		),
	prefersOwnDialect: z
		.boolean()
		.default(true)
		.describe("Within a tier, deployments of the caller's own dialect come before those that its calls must be translated for."),
	cacheLifeMs: count.default(300_000).describe("How long an upstream's prompt cache is taken to live."),
	balance: z
		.enum(BALANCE_BY)
		.default('cost')
		.describe(
			'Which deployment of equal order goes first: cost (the cheapest for this call, equals by weight), weight, least-busy (fewest running calls for its weight) or latency (soonest first token lately). A session stays with its prompt cache in any case.',
		),
	balanceByTier: z
		.strictObject({ frontier: z.enum(BALANCE_BY).optional(), mid: z.enum(BALANCE_BY).optional(), local: z.enum(BALANCE_BY).optional() })
		.default({})
		.describe('Another balance for single tiers.'),
	mostTimesCloud: z
		.number()
		.positive()
		.max(1_000_000)
		.default(1.5)
		.describe(
			'A local answer that is expected to take more times as long as that of the quickest cloud deployment of the role is not local, as long as a cloud deployment can answer. Raise it where money counts more than time.',
		),
	control: controlSchema.prefault({}),
	contentPolicyFallbacks: z
		.array(name)
		.default([])
		.describe("Deployments that may be asked where another's vendor refuses a call for its content. Default: none, the refusal passes."),
});

export const retriesSchema = z.strictObject({
	repeats: z
		.number()
		.int()
		.min(0)
		.max(10)
		.default(1)
		.describe('Most repetitions of one call at one deployment when it fails; 0 switches them off. Never once content is on its way.'),
	on: z
		.array(z.enum(RETRY_ON))
		.default([...RETRY_ON])
		.describe('Kinds of failure that are repeated.'),
	prefer: z.enum(['next', 'same']).default('next').describe('What comes first: the next candidate, or a repetition at the same one.'),
	backoffMs: count.max(60_000).default(500).describe('Wait before the first repetition; doubles with each, with jitter.'),
	longestWaitMs: count
		.max(120_000)
		.default(5_000)
		.describe('Longest wait before a repetition; an upstream whose Retry-After asks for more is not repeated.'),
	reservedRepeats: z
		.number()
		.int()
		.min(0)
		.max(3)
		.default(0)
		.describe('Repetitions that may each be billed (the call was sent, no answer came) for which money is reserved beforehand.'),
});
