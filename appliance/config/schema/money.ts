/** Budgets, who is told of them, and how long it is kept what was spent. */

import { z } from 'zod';
import { count, environmentVariable, name, usd } from './values.ts';

export const budgetsSchema = z.strictObject({
	treeUsd: usd.default(5).describe('Most that one call tree (a prompt and all that follows from it) can cost.'),
	memberDayUsd: usd.optional(),
	memberMonthUsd: usd.optional(),
	teamDayUsd: usd.default(50),
	teamMonthUsd: usd.default(500),
	treeIdleMs: count.default(600_000).describe('A tree without calls for this long gives back what it did not spend.'),
	openTreesPerMember: count.default(8),
	trustClock: z
		.boolean()
		.default(false)
		.describe(
			'Spend by the clock as it is, also where it went back, leapt ahead or no time server has confirmed it; never before the build date.',
		),
});

const webhookSchema = z.strictObject({
	url: z
		.url({ protocol: /^https?$/ })
		.optional()
		.describe('Where alerts are posted; https, or http in your own network.'),
	urlEnv: environmentVariable.optional().describe('Environment variable that holds the address, where it is itself a secret.'),
	secretEnv: environmentVariable.describe('Environment variable that holds the secret by which alerts are signed.'),
});

export const alertsSchema = z.strictObject({
	webhooks: z.record(name, webhookSchema).default({}).describe('Who is told of budgets; default: nobody.'),
	sharesPercent: z
		.array(z.number().int().min(1).max(100))
		.min(1)
		.default([50, 80, 100])
		.describe('Shares of a day’s or month’s budget that are told once a period each.'),
});

export const retentionSchema = z.strictObject({
	callDays: count.max(3_650).default(90).describe('Days that the record of a call is kept: what was decided, and what became of it.'),
	calls: z.number().int().min(0).max(1_000_000).default(20_000).describe('Most records of calls; 0 keeps none. Some 3 kB each.'),
	billDays: count.max(3_650).default(90).describe('Days that single bills are kept. Sums by day are kept beyond.'),
	bills: count.max(10_000_000).default(200_000).describe('Most single bills. Some 200 bytes each.'),
});
