/** What is allowed in a configuration, but probably not meant. */

import { ROLES } from '../protocol/words.ts';
import { isLoopback } from './check-address.ts';
import type { Settings } from './settings.ts';

function missingTiers(settings: Settings): readonly string[] {
	const usable = settings.deployments.filter(({ id }) => settings.notConfigured[id] === undefined);
	const tiers = new Set<string>(usable.map(({ tier }) => tier));
	if (settings.local.isEnabled) tiers.add('local');
	return ROLES.flatMap((role) => {
		const wanted = settings.routing.roles[role].tiers;
		if (wanted.some((tier) => tiers.has(tier))) return [];
		return [`no deployment can answer ${role} calls: none of the tiers ${wanted.join(', ')} has one that is configured`];
	});
}

function openKeys(settings: Settings): readonly string[] {
	return Object.values(settings.providers).flatMap(({ id, baseUrl, key }) => {
		const url = new URL(baseUrl);
		if (url.protocol !== 'http:' || isLoopback(url.hostname) || key === undefined) return [];
		return [`the key of provider ${id} travels unencrypted: its baseUrl is http`];
	});
}

function missingKeys(settings: Settings): readonly string[] {
	return Object.values(settings.providers).flatMap(({ id, missingKeys: names }) =>
		names.map((name) => `a key of provider ${id} is left out: ${name} is not set`),
	);
}

/** The address itself is not repeated: it may carry a password. */
function faultyProxies({ egress }: Settings): readonly string[] {
	const proxies = { HTTPS_PROXY: egress?.httpsProxy, HTTP_PROXY: egress?.httpProxy };
	return Object.entries(proxies).flatMap(([name, proxy]) => {
		if (proxy === undefined) return [];
		const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
		const isFine = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
		return isFine ? [] : [`${name} is not the address of an http or https proxy: calls that need it will fail`];
	});
}

/** Sentences for terminal and log. */
export function findWarnings(settings: Settings): readonly string[] {
	const missing = Object.values(settings.providers).flatMap(({ id, missing }) =>
		missing === undefined ? [] : [`provider ${id} is not configured: ${missing}`],
	);
	const unpriced = settings.deployments
		.filter(({ price }) => price === null)
		.map(({ id }) => `the price of deployment ${id} is unknown: it is never used on a key with a ceiling`);
	return [
		...missing,
		...settings.alerts.missing,
		...missingTiers(settings),
		...unpriced,
		...openKeys(settings),
		...missingKeys(settings),
		...faultyProxies(settings),
	];
}
