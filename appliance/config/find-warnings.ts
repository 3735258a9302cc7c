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

/** Sentences for terminal and log. */
export function findWarnings(settings: Settings): readonly string[] {
	const missing = Object.values(settings.providers).flatMap(({ id, missing }) =>
		missing === undefined ? [] : [`provider ${id} is not configured: ${missing}`],
	);
	const unpriced = settings.deployments
		.filter(({ price }) => price === null)
		.map(({ id }) => `the price of deployment ${id} is unknown: it is never used on a key with a ceiling`);
	return [...missing, ...settings.alerts.missing, ...missingTiers(settings), ...unpriced, ...openKeys(settings)];
}
