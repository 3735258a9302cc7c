/** The one configuration file: strict, versioned, units in its key names. Its JSON Schema is published from here. */

import { z } from 'zod';
import { accessSchema } from './access.ts';
import { confidenceSchema } from './confidence.ts';
import { dietSchema } from './diet.ts';
import { discoverySchema } from './discovery.ts';
import { earnedSchema } from './earned.ts';
import { learningSchema } from './learning.ts';
import { deploymentSchema } from './schema/deployment.ts';
import { localSchema } from './schema/local.ts';
import { alertsSchema, budgetsSchema, retentionSchema } from './schema/money.ts';
import { type passThroughSchema, providerSchema } from './schema/provider.ts';
import { aliasSchema, retriesSchema, rolesSchema, routingSchema } from './schema/routing.ts';
import { type limitsSchema, serverSchema } from './schema/server.ts';
import { type limitsOfUseSchema, memberLimitsSchema } from './schema/use-limits.ts';
import { name } from './schema/values.ts';
import { updateSchema } from './update.ts';

const logSchema = z.strictObject({
	level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
	hasPromptText: z.boolean().default(false).describe('Write prompt and reply text into the log. Off: no text ever.'),
});

export const configSchema = z.strictObject({
	$schema: z.string().optional(),
	version: z.literal(1),
	server: serverSchema.prefault({}),
	local: localSchema.prefault({}),
	providers: z
		.record(name, providerSchema)
		.optional()
		.describe('Default: anthropic and openai, with keys from ANTHROPIC_API_KEY and OPENAI_API_KEY.'),
	deployments: z.array(deploymentSchema).optional().describe('Default: the catalogue models of the providers above.'),
	roles: rolesSchema.prefault({}),
	aliases: z.record(z.string().min(1), aliasSchema).default({}),
	budgets: budgetsSchema.prefault({}),
	routing: routingSchema.prefault({}),
	retries: retriesSchema.prefault({}),
	memberLimits: memberLimitsSchema
		.prefault({})
		.describe(
			'What each member may ask of the box, all keys together; beyond it a call gets 429. `innerloop member set` gives one member other limits.',
		),
	access: accessSchema.prefault({}).describe('Claiming the box, sessions of its page, and what plain HTTP may carry.'),
	retention: retentionSchema.prefault({}),
	discovery: discoverySchema.prefault({}),
	update: updateSchema.prefault({}),
	alerts: alertsSchema.prefault({}),
	learning: learningSchema.prefault({}),
	confidence: confidenceSchema.prefault({}),
	diet: dietSchema.prefault({}),
	earned: earnedSchema.prefault({}),
	log: logSchema.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type ProviderConfig = z.infer<typeof providerSchema>;
export type DeploymentConfig = z.infer<typeof deploymentSchema>;
export type PassThroughConfig = z.infer<typeof passThroughSchema>;
export type LocalConfig = z.infer<typeof localSchema>;
export type LimitsConfig = z.infer<typeof limitsSchema>;
export type LimitsOfUseConfig = z.infer<typeof limitsOfUseSchema>;
export type KvCacheChoice = LocalConfig['kvCache'];
