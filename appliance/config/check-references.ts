/** Faults that no single field shows: names that lead nowhere, names given twice, models without known figures, addresses. */

import { webhookFault } from './alerts.ts';
import { findModel } from './catalogue.ts';
import { checkAddress, isLoopback } from './check-address.ts';
import { type ConfigError, formatPath, type PathSegment } from './config-error.ts';
import { DEFAULT_PROVIDERS } from './default-providers.ts';
import { nearest } from './nearest.ts';
import type { JsonFile } from './read-json.ts';

type Loose = Readonly<Record<string, unknown>>;
type Report = (path: readonly PathSegment[], found: string, expected: string, near?: string) => void;

// The file is read loosely here, so that these faults are reported beside those of the schema, not after them.
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Loose => (isObject(value) ? value : {});
const listOf = (value: unknown): readonly Loose[] => (Array.isArray(value) ? value.map(objectOf) : []);

function checkProviders(providers: Loose, report: Report): void {
	for (const [id, value] of Object.entries(providers)) {
		const path = ['providers', id];
		if (id === 'local') report(path, 'the name local', 'another name: local is the engine of the box');
		const { baseUrl, auth, keyEnv, keys, passThrough } = objectOf(value);
		if (auth !== 'none' && isObject(value) && keyEnv === undefined && keys === undefined && passThrough === undefined) {
			report([...path, 'keyEnv'], 'nothing', 'the environment variable that holds its key, or "auth": "none"');
		}
		checkKeys(path, keyEnv, listOf(keys), report);
		const fault = typeof baseUrl === 'string' ? checkAddress(baseUrl) : undefined;
		if (fault) report([...path, 'baseUrl'], fault.found, fault.expected);
		if (passThrough !== undefined && typeof baseUrl === 'string' && isOpenAddress(baseUrl)) {
			report([...path, 'passThrough'], 'logins of members on an unencrypted way', 'an https baseUrl');
		}
	}
	checkPassThrough(providers, report);
}

function isOpenAddress(baseUrl: string): boolean {
	const url = URL.parse(baseUrl);
	return url?.protocol === 'http:' && !isLoopback(url.hostname);
}

/** A login does not say whose it is: the dialect of its call must lead to one provider. */
function checkPassThrough(providers: Loose, report: Report): void {
	const owners = new Map<string, string>();
	for (const [id, value] of Object.entries(providers)) {
		const { passThrough, dialects } = objectOf(value);
		if (passThrough === undefined || !Array.isArray(dialects)) continue;
		for (const dialect of dialects.map(String)) {
			const other = owners.get(dialect);
			if (other !== undefined) report(['providers', id, 'passThrough'], `a second one for ${dialect}, beside ${other}'s`, 'one a dialect');
			owners.set(dialect, id);
		}
	}
}

function checkKeys(path: readonly PathSegment[], keyEnv: unknown, keys: readonly Loose[], report: Report): void {
	if (keyEnv !== undefined && keys.length > 0) report([...path, 'keyEnv'], 'a key beside a list of keys', 'either keyEnv or keys');
	const seen = new Set<unknown>();
	for (const [index, key] of keys.entries()) {
		if (seen.has(key.keyEnv)) report([...path, 'keys', index, 'keyEnv'], 'a key that stands here a second time', 'each key once');
		seen.add(key.keyEnv);
	}
}

function checkFigures(deployment: Loose, path: readonly PathSegment[], report: Report): void {
	if (typeof deployment.model !== 'string') return;
	const known = findModel(deployment.model);
	for (const field of ['tier', 'contextTokens', 'maxOutputTokens'] as const) {
		if (deployment[field] !== undefined || known?.[field]) continue;
		report([...path, field], 'nothing', 'a value, since the catalogue does not know it of this model');
	}
}

function checkDeployments(deployments: readonly Loose[], providerIds: readonly string[], report: Report): void {
	const seen = new Set<unknown>();
	for (const [index, deployment] of deployments.entries()) {
		const path = ['deployments', index];
		const { id, provider } = deployment;
		if (id === 'local') report([...path, 'id'], 'the name local', 'another name: local is the engine of the box');
		if (typeof id === 'string' && seen.has(id)) report([...path, 'id'], 'an id that stands here a second time', 'an id of its own');
		seen.add(id);
		if (typeof provider === 'string' && !providerIds.includes(provider)) {
			report(
				[...path, 'provider'],
				'a provider that is not configured',
				`one of ${providerIds.join(', ')}`,
				nearest(provider, providerIds),
			);
		}
		checkFigures(deployment, path, report);
	}
}

function checkAliases(aliases: Loose, deploymentIds: readonly string[] | undefined, report: Report): void {
	for (const [name, value] of Object.entries(aliases)) {
		const { deployment } = objectOf(value);
		if (typeof deployment !== 'string' || deployment === 'local') continue;
		// Without a list the deployments are the catalogue's, of which some may lack their key today.
		const isKnown = deploymentIds === undefined ? findModel(deployment)?.id === deployment : deploymentIds.includes(deployment);
		if (isKnown) continue;
		const known = ['local', ...(deploymentIds ?? [])];
		report(
			['aliases', name, 'deployment'],
			'a deployment that is not configured',
			`one of ${known.join(', ')}`,
			nearest(deployment, known),
		);
	}
}

/** The names that an operator lets take what another's vendor refused. */
function checkContentFallbacks(routing: Loose, deploymentIds: readonly string[] | undefined, report: Report): void {
	const { contentPolicyFallbacks } = routing;
	if (!Array.isArray(contentPolicyFallbacks)) return;
	for (const [index, id] of contentPolicyFallbacks.entries()) {
		if (typeof id !== 'string' || (deploymentIds === undefined ? findModel(id)?.id === id : deploymentIds.includes(id))) continue;
		const known = deploymentIds ?? [];
		const expected = known.length === 0 ? 'the id of a deployment' : `one of ${known.join(', ')}`;
		report(['routing', 'contentPolicyFallbacks', index], 'a deployment that is not configured', expected, nearest(id, known));
	}
}

function checkWebhooks(webhooks: Loose, report: Report): void {
	for (const [name, value] of Object.entries(webhooks)) {
		const path = ['alerts', 'webhooks', name];
		const { url, urlEnv } = objectOf(value);
		if ((url === undefined) === (urlEnv === undefined)) report(path, 'not one address', 'either url or urlEnv');
		const fault = typeof url === 'string' ? webhookFault(url) : undefined;
		if (fault) report([...path, 'url'], fault.found, fault.expected);
	}
}

export function checkReferences(file: JsonFile): readonly ConfigError[] {
	const errors: ConfigError[] = [];
	const report: Report = (path, found, expected, near) => {
		errors.push({ path: formatPath(path), ...file.locate(path), found, expected, nearest: near });
	};
	const { providers, deployments, aliases, routing } = objectOf(file.value);
	const list = listOf(deployments);
	checkWebhooks(objectOf(objectOf(objectOf(file.value).alerts).webhooks), report);
	checkProviders(objectOf(providers), report);
	checkDeployments(list, Object.keys(isObject(providers) ? providers : DEFAULT_PROVIDERS), report);
	const ids = list.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
	const deploymentIds = Array.isArray(deployments) ? ids : undefined;
	checkAliases(objectOf(aliases), deploymentIds, report);
	checkContentFallbacks(objectOf(routing), deploymentIds, report);
	return errors;
}
