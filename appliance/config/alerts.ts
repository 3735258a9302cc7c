/** The operator's webhooks: which addresses they may have, and what of them is ready for use. */

import { isLinkLocalOrMetadata, isLoopback } from './check-address.ts';
import type { Environment } from './places.ts';
import type { Config } from './schema.ts';
import { Secret } from './secret.ts';
import type { AlertSettings } from './settings.ts';

/** Undefined when the address is fine. It may carry a secret, and is not repeated. */
export function webhookFault(text: string): { readonly found: string; readonly expected: string } | undefined {
	const url = URL.parse(text);
	if (url === null || !/^https?:$/.test(url.protocol)) return { found: 'no http address', expected: 'https://…' };
	if (isLinkLocalOrMetadata(url.hostname)) return { found: 'a link-local or metadata address', expected: 'the address of a receiver' };
	if (url.username || url.password) return { found: 'an address with a user name or password', expected: 'an address without' };
	if (url.protocol === 'http:' && !isLoopback(url.hostname) && !isPrivate(url.hostname)) {
		return { found: 'an unencrypted way through the internet', expected: 'an https address, or one of your own network' };
	}
	return undefined;
}

/** Of one's own network: by the address itself, since a name could lead anywhere. */
const isPrivate = (hostname: string): boolean => /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[f[cd])/.test(hostname);

type Webhook = AlertSettings['webhooks'][number];

export function toAlerts({ alerts }: Config, env: Environment): AlertSettings {
	const webhooks: Webhook[] = [];
	const missing: string[] = [];
	for (const [name, config] of Object.entries(alerts.webhooks)) {
		const webhook = toWebhook(name, config, env);
		if (typeof webhook === 'string') missing.push(webhook);
		else webhooks.push(webhook);
	}
	return { sharesPercent: alerts.sharesPercent, webhooks, missing };
}

/** What it lacks, in words, where it cannot be used. */
function toWebhook(name: string, { url, urlEnv, secretEnv }: Config['alerts']['webhooks'][string], env: Environment): Webhook | string {
	const address = url ?? env[urlEnv ?? '']?.trim();
	const secret = env[secretEnv]?.trim();
	if (!address || !secret) return `webhook ${name} is not used: set ${address ? secretEnv : urlEnv}`;
	const fault = webhookFault(address);
	if (fault) return `webhook ${name} is not used: ${urlEnv ?? 'url'} holds ${fault.found}, not ${fault.expected}`;
	return { name, url: new Secret(address), secret: new Secret(secret) };
}
