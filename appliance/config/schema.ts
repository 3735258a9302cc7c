/** The one configuration file: strict, versioned, units in its key names. Its JSON Schema is published from here. */

import { z } from 'zod';
import { RETRY_ON } from '../protocol/retries.ts';
import { BALANCE_BY, DIALECTS, MODALITIES, ROLES, TIERS, VENDORS } from '../protocol/words.ts';
import { accessSchema } from './access.ts';
import { controlSchema } from './control.ts';
import { discoverySchema } from './discovery.ts';
import { learningSchema } from './learning.ts';
import { prefixSchema } from './prefix.ts';
import { tlsSchema } from './tls.ts';
import { updateSchema } from './update.ts';

const usd = z.number().nonnegative().max(1_000_000);
const count = z.number().int().positive();
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash, underscore; 64 at most');

export const limitsSchema = z.strictObject({
	bodyBytes: count.default(33_554_432).describe('Largest request body that is accepted.'),
	headerBytes: count.default(65_536).describe('Largest request head that is accepted.'),
	headersTimeoutMs: count.default(15_000).describe('Time for a caller to send its request head.'),
	bodyTimeoutMs: count.default(60_000).describe('Time for a caller to send its whole request.'),
	callTimeoutMs: count.default(900_000).describe('Longest life of one call.'),
	concurrentCalls: count.default(256).describe('Calls served at once; more get 429.'),
	stopTimeoutMs: count.default(20_000).describe('How long a stop waits for running calls.'),
});

const serverSchema = z.strictObject({
	host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 or :: for the network.'),
	port: z.number().int().min(0).max(65_535).default(7341).describe('Port to listen on; 0 takes any free one.'),
	allowedHosts: z
		.array(z.string().min(1))
		.default([])
		.describe('Host names that callers may use beside IP addresses, localhost and *.local.'),
	tls: tlsSchema.prefault({}).describe('HTTPS beside the plain port: by the box’s own authority, or by a given certificate.'),
	limits: limitsSchema.prefault({}),
});

/** Types of cached keys, "/", those of values, as ggml names them; the last are of the own build. */
const KV_CACHES = ['auto', 'f16', 'q8_0', 'tq4', 'tq5/tq4', 'tqs35/tq3', 'tqs40/tq4', 'tqs45/tq4', 'tqs50/tq5', 'tqs60/tq6'] as const;

export const localSchema = z.strictObject({
	isEnabled: z.boolean().default(true).describe('Whether the box answers calls itself.'),
	model: z
		.string()
		.min(1)
		.optional()
		.describe(
			'Model name of `innerloop model list`, or the path of a GGUF file. Default: Gemma 4 E2B where its file is present, else the embedded small model.',
		),
	contextTokens: count.optional().describe('Context of one slot; default: what the model was trained for, at most 131072.'),
	slots: count.max(16).default(2).describe('Calls that are decoded at once.'),
	threads: count.optional().describe('Threads of the engine; default: all cores.'),
	queueLength: count.default(16).describe('Calls that may wait for a slot; more get 529.'),
	prefillChunkTokens: count.default(256).describe('Prompt tokens evaluated between two looks at aborts and other slots.'),
	mostStallMs: count
		.max(60_000)
		.default(2_000)
		.describe('Longest pause of an answer that is being written while another prompt is read: prompts are then read in smaller steps.'),
	prefix: prefixSchema.prefault({}),
	admission: z
		.enum(['auto', 'off'])
		.default('auto')
		.describe('auto: the local model slows or steps aside before the machine swaps or throttles. off: it never does.'),
	build: z
		.enum(['auto', 'prebuilt', 'own'])
		.default('auto')
		.describe(
			'Engine binary: the prebuilt one, or one built here in the background and taken over when idle. auto builds where there are patches.',
		),
	kvCache: z
		.enum(KV_CACHES)
		.default('auto')
		.describe(
			'How cached keys/values are stored. auto: the smallest that keeps the quality, where the own build and the model allow it, else q8_0. innerloop kv status says what is in use.',
		),
	kvCalibration: z
		.boolean()
		.default(true)
		.describe("Whether the box measures its model's keys once, in the background when nothing runs, so that fewer bits hold them as well."),
	allowedTools: z
		.array(z.string().min(1))
		.default([
			'Read',
			'Grep',
			'Glob',
			'LS',
			'read',
			'grep',
			'glob',
			'list',
			'ls',
			'read_file',
			'search',
			'list_dir',
			'list_directory',
			'search_files',
			'find_files',
		])
		.describe('Tools that the local model may call: read-only ones. Others are not offered to it.'),
});

const passThroughSchema = z.strictObject({
	members: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]).describe('Names of the members who may; or all.'),
	tokenPrefix: z.string().min(1).optional().describe('Only logins that begin so are passed, sk-ant-oat for instance.'),
});

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

const keyEnv = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'an environment variable name');

const providerKeySchema = z.strictObject({
	keyEnv: keyEnv.describe('Environment variable that holds the key.'),
	weight: z.number().positive().max(1_000_000).default(1).describe('Share of the load beside the other keys.'),
	limits: limitsOfUseSchema.optional().describe('What this key may be asked for, by all deployments of the provider together.'),
});

export const providerSchema = z.strictObject({
	baseUrl: z.url({ protocol: /^https?$/ }).describe('Address of the upstream, without the dialect path (/v1/…).'),
	dialects: z.array(z.enum(DIALECTS)).min(1).describe('Wire languages that it speaks.'),
	keyEnv: keyEnv.optional().describe('Environment variable that holds its key.'),
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

const rolesSchema = z.strictObject({
	outer: rolePolicy(['frontier', 'mid', 'local'], 600_000, 1_500),
	mid: rolePolicy(['mid', 'frontier', 'local'], 300_000, 1_000),
	inner: rolePolicy(['local', 'mid', 'frontier'], 60_000, 300),
});

const aliasSchema = z
	.strictObject({
		role: z.enum(ROLES).optional(),
		tier: z.enum(TIERS).optional(),
		deployment: name.optional(),
		data: z.literal('local-only').optional().describe('Text under this name never leaves the box, whoever sends it.'),
	})
	.refine((alias) => Object.keys(alias).length > 0, 'names a role, a tier, a deployment or a data rule');

const budgetsSchema = z.strictObject({
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

const routingSchema = z.strictObject({
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

const retriesSchema = z.strictObject({
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

const memberLimitsSchema = z.strictObject(ratesOfUse);

const logSchema = z.strictObject({
	level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
	hasPromptText: z.boolean().default(false).describe('Write prompt and reply text into the log. Off: no text ever.'),
});

const environmentVariable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'an environment variable name');

const webhookSchema = z.strictObject({
	url: z
		.url({ protocol: /^https?$/ })
		.optional()
		.describe('Where alerts are posted; https, or http in your own network.'),
	urlEnv: environmentVariable.optional().describe('Environment variable that holds the address, where it is itself a secret.'),
	secretEnv: environmentVariable.describe('Environment variable that holds the secret by which alerts are signed.'),
});

const alertsSchema = z.strictObject({
	webhooks: z.record(name, webhookSchema).default({}).describe('Who is told of budgets; default: nobody.'),
	sharesPercent: z
		.array(z.number().int().min(1).max(100))
		.min(1)
		.default([50, 80, 100])
		.describe('Shares of a day’s or month’s budget that are told once a period each.'),
});

const retentionSchema = z.strictObject({
	callDays: count.max(3_650).default(90).describe('Days that the record of a call is kept: what was decided, and what became of it.'),
	calls: z.number().int().min(0).max(1_000_000).default(20_000).describe('Most records of calls; 0 keeps none. Some 3 kB each.'),
	billDays: count.max(3_650).default(90).describe('Days that single bills are kept. Sums by day are kept beyond.'),
	bills: count.max(10_000_000).default(200_000).describe('Most single bills. Some 200 bytes each.'),
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
