/** Turns a checked configuration and the environment into settings. */

import type { Deployment, Price } from '../protocol/deployment.ts';
import type { ModelAlias, RoutingSettings } from '../protocol/plan.ts';
import type { Budgets } from '../protocol/ports.ts';
import { TIERS } from '../protocol/words.ts';
import { toAccess } from './access.ts';
import { toAlerts } from './alerts.ts';
import { CATALOGUE, type CatalogueModel, cataloguePrice, findModel, withToolFees } from './catalogue.ts';
import { toConfidence } from './confidence.ts';
import { toControl } from './control.ts';
import { DEFAULT_PROVIDERS } from './default-providers.ts';
import { toDiet } from './diet.ts';
import { toEarned } from './earned.ts';
import { toLearning } from './learning.ts';
import { readEgress, toLimits } from './limits.ts';
import type { Environment } from './places.ts';
import { toPrice } from './price.ts';
import type { Config, DeploymentConfig, ProviderConfig } from './schema.ts';
import { Secret } from './secret.ts';
import type { ProviderKeySettings, ProviderSettings, Settings } from './settings.ts';
import { vendorOfHost } from './vendor-of-host.ts';

/** Above every vendor's formula for one image that we know of. */
const UNKNOWN_MEDIA_TOKENS = 16_000;

const nanoUsd = (usd: number): number => Math.round(usd * 1e9);

function toKeys(config: ProviderConfig, env: Environment): readonly ProviderKeySettings[] {
	if (config.auth === 'none') return [];
	const named = config.keys ?? (config.keyEnv === undefined ? [] : [{ keyEnv: config.keyEnv, weight: 1, limits: undefined }]);
	return named.flatMap(({ keyEnv, weight, limits }) => {
		const value = env[keyEnv]?.trim();
		return value ? [{ id: keyEnv, secret: new Secret(value), weight, limits: toLimits(limits) }] : [];
	});
}

function missingKeys({ keys = [] }: ProviderConfig, found: readonly ProviderKeySettings[]): readonly string[] {
	return keys.map(({ keyEnv }) => keyEnv).filter((name) => !found.some(({ id }) => id === name));
}

function toProvider(id: string, config: ProviderConfig, env: Environment): ProviderSettings {
	const keys = toKeys(config, env);
	const names = config.keys?.map(({ keyEnv }) => keyEnv).join(' or ') ?? config.keyEnv;
	const isMissing = config.auth !== 'none' && keys.length === 0;
	return {
		...config,
		id,
		keyEnv: config.keyEnv ?? config.keys?.[0]?.keyEnv,
		vendor: config.vendor ?? vendorOfHost(config.baseUrl),
		baseUrl: config.baseUrl.replace(/\/+$/, ''),
		key: keys[0]?.secret,
		keys,
		missingKeys: isMissing ? [] : missingKeys(config, keys),
		caFile: config.caFile,
		missing: isMissing ? (names === undefined ? `give provider ${id} a keyEnv` : `set ${names}`) : undefined,
	};
}

function toDeployment(config: DeploymentConfig, provider: ProviderSettings, localTools: readonly string[]): Deployment {
	const known = findModel(config.model);
	const maxInputTokens = config.maxInputTokens ?? (config.contextTokens === undefined ? known?.maxInputTokens : undefined);
	const tier = config.tier ?? known?.tier ?? 'mid';
	const limits = toLimits(config.limits);
	return {
		id: config.id,
		provider: config.provider,
		model: config.model,
		aliases: known === undefined ? [] : [known.id, ...known.aliases].filter((id) => id !== config.model),
		tier,
		dialects: provider.dialects,
		...(provider.vendor === undefined ? {} : { vendor: provider.vendor }),
		order: config.order,
		...(config.weight === undefined ? {} : { weight: config.weight }),
		...(limits === undefined ? {} : { limits }),
		contextTokens: config.contextTokens ?? known?.contextTokens ?? 0,
		...(maxInputTokens === undefined ? {} : { maxInputTokens }),
		maxOutputTokens: config.maxOutputTokens ?? known?.maxOutputTokens ?? 0,
		modalities: config.modalities ?? known?.modalities ?? ['text'],
		price: priceOf(config, known),
		allowedTools: tier === 'local' ? localTools : undefined,
		maxTokensPerMedia: config.maxTokensPerMedia ?? (known?.maxTokensPerMedia || UNKNOWN_MEDIA_TOKENS),
		lacks: known?.lacks ?? [],
	};
}

function priceOf({ price }: DeploymentConfig, known: CatalogueModel | undefined): Price | null {
	if (price === undefined) return known === undefined ? null : cataloguePrice(known);
	return withToolFees(price && toPrice(price), known);
}

/** What a catalogue model is when nobody wrote a deployment for it. */
function fromCatalogue(model: CatalogueModel, provider: string): DeploymentConfig {
	return { id: model.id, provider, model: model.id, order: model.order };
}

/** With its own key, or with the logins of those who call. */
const isReachable = (provider: ProviderSettings | undefined): boolean =>
	provider !== undefined && (provider.missing === undefined || provider.passThrough !== undefined);

/** Without a list of deployments: every catalogue model of a provider that is named like its vendor and has its key. */
function deploymentConfigs(config: Config, providers: Readonly<Record<string, ProviderSettings>>): readonly DeploymentConfig[] {
	if (config.deployments !== undefined) return config.deployments;
	return CATALOGUE.models
		.filter((model) => model.contextTokens !== null && isReachable(providers[model.vendor]))
		.map((model) => fromCatalogue(model, model.vendor));
}

function toRouting(config: Config): RoutingSettings {
	const { outer, mid, inner } = config.roles;
	// An absent field and one that is undefined are the same to a reader, but not to a type that is exact about it.
	const aliases = Object.entries(config.aliases).map(([name, { role, tier, deployment, data }]): [string, ModelAlias] => [
		name,
		{ ...(role && { role }), ...(tier && { tier }), ...(deployment && { deployment }), ...(data && { data }) },
	]);
	const { balance, balanceByTier, control, ...routing } = config.routing;
	const byTier = TIERS.map((tier) => [tier, balanceByTier[tier] ?? balance] as const);
	return {
		...routing,
		balance: Object.fromEntries(byTier),
		...(control.percent === 0 ? {} : { control: toControl(control) }),
		reservedRepeats: config.retries.reservedRepeats,
		...(config.confidence.isOn ? { mayContinue: true } : {}),
		roles: { outer: { role: 'outer', ...outer }, mid: { role: 'mid', ...mid }, inner: { role: 'inner', ...inner } },
		aliases: Object.fromEntries(aliases),
	};
}

function toBudgets({ budgets }: Config): Budgets {
	const optional = (usd: number | undefined) => (usd === undefined ? undefined : nanoUsd(usd));
	return {
		treeNanoUsd: nanoUsd(budgets.treeUsd),
		memberDayNanoUsd: optional(budgets.memberDayUsd),
		memberMonthNanoUsd: optional(budgets.memberMonthUsd),
		teamDayNanoUsd: nanoUsd(budgets.teamDayUsd),
		teamMonthNanoUsd: nanoUsd(budgets.teamMonthUsd),
		treeIdleMs: budgets.treeIdleMs,
		openTreesPerMember: budgets.openTreesPerMember,
		trustClock: budgets.trustClock,
	};
}

function deepFreeze<T>(value: T): T {
	if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const part of Object.values(value)) deepFreeze(part);
	}
	return value;
}

/** Expects a configuration whose cross-references hold. */
export function buildSettings(config: Config, env: Environment): Settings {
	const providerConfigs: Readonly<Record<string, ProviderConfig>> = config.providers ?? DEFAULT_PROVIDERS;
	const providers = Object.fromEntries(Object.entries(providerConfigs).map(([id, provider]) => [id, toProvider(id, provider, env)]));
	const deployments = deploymentConfigs(config, providers).flatMap((deployment) => {
		const provider = providers[deployment.provider];
		return provider === undefined ? [] : [toDeployment(deployment, provider, config.local.allowedTools)];
	});
	const notConfigured = deployments.flatMap(({ id, provider }): [string, string][] => {
		const missing = providers[provider]?.missing;
		return missing === undefined ? [] : [[id, missing]];
	});
	return deepFreeze({
		server: config.server,
		local: config.local,
		providers,
		deployments,
		notConfigured: Object.fromEntries(notConfigured),
		routing: toRouting(config),
		retries: config.retries,
		memberLimits: toLimits(config.memberLimits),
		egress: readEgress(env),
		budgets: toBudgets(config),
		access: toAccess(config.access, env),
		retention: config.retention,
		discovery: config.discovery,
		update: config.update,
		alerts: toAlerts(config, env),
		learning: toLearning(config.learning),
		confidence: toConfidence(config.confidence),
		diet: toDiet(config.diet),
		earned: toEarned(config.earned),
		log: config.log,
	});
}
