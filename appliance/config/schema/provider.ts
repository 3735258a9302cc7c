/** Upstreams: where they are, what they speak, and how the box shows who it is. */

import { z } from 'zod';
import { DIALECTS, VENDORS } from '../../protocol/words.ts';
import { limitsOfUseSchema } from './use-limits.ts';
import { count, environmentVariable } from './values.ts';

export const passThroughSchema = z.strictObject({
	members: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]).describe('Names of the members who may; or all.'),
	tokenPrefix: z.string().min(1).optional().describe('Only logins that begin so are passed, sk-ant-oat for instance.'),
});

const providerKeySchema = z.strictObject({
	keyEnv: environmentVariable.describe('Environment variable that holds the key.'),
	weight: z.number().positive().max(1_000_000).default(1).describe('Share of the load beside the other keys.'),
	limits: limitsOfUseSchema.optional().describe('What this key may be asked for, by all deployments of the provider together.'),
});

export const providerSchema = z.strictObject({
	baseUrl: z.url({ protocol: /^https?$/ }).describe('Address of the upstream, without the dialect path (/v1/…).'),
	dialects: z.array(z.enum(DIALECTS)).min(1).describe('Wire languages that it speaks.'),
	keyEnv: environmentVariable.optional().describe('Environment variable that holds its key.'),
	keys: z
		.array(providerKeySchema)
		.min(1)
		.optional()
		.describe('Several keys, each with its own limits, in the place of keyEnv. One that is refused is set aside by itself.'),
	caFile: z
		.string()
		.min(1)
		.optional()
		.describe('PEM file of the authorities that may have signed its certificate, in the place of the usual ones.'),
	auth: z.enum(['x-api-key', 'bearer', 'none']).default('bearer').describe('How the key travels.'),
	vendor: z
		.enum(VENDORS)
		.optional()
		.describe("Whose ways of the dialect its upstream follows. Default: told by the host of the vendors' own addresses."),
	allowsPrivateAddresses: z
		.boolean()
		.optional()
		.describe(
			'Whether a public host name may resolve to a private address. Addresses themselves, names without a dot and *.local, .lan, .internal say so already; link-local and metadata addresses are never called. Default: false.',
		),
	isVersioned: z
		.boolean()
		.default(false)
		.describe('Whether baseUrl names the version already, so that the /v1 of the dialect path is left out.'),
	connectTimeoutMs: count.default(10_000),
	firstByteTimeoutMs: count.default(600_000),
	idleTimeoutMs: count.default(300_000).describe('Longest silence inside a reply.'),
	passThrough: passThroughSchema
		.optional()
		.describe(
			"Lets members' own plan logins (Claude Max, ChatGPT) through to this provider, untouched and to nobody else; the member's key then comes as x-innerloop-key. Default: off. Whether the vendor's terms allow it is yours to decide.",
		),
});
