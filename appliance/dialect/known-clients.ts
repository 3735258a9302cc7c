/** The clients whose sessions the tests run through the box, in the versions that they run. */

import type { ClientMark } from '../protocol/call.ts';
import type { KnownState } from '../protocol/clients.ts';

/** Major and minor version; test/unit/dialect/known-clients.test.ts holds them against what the tests install. */
export const TESTED_VERSIONS: Readonly<Record<ClientMark['name'], readonly string[]>> = {
	'claude-code': ['2.0', '2.1'],
	codex: ['0.169'],
	opencode: ['1.18'],
	aider: ['0.86'],
	'anthropic-sdk': ['1.12'],
	'openai-sdk': ['7.57'],
	unknown: [],
};

export interface SeenMark {
	readonly name: string;
	/** Empty where the client does not say it. */
	readonly version: string;
	readonly state: KnownState;
}

/** The first product of a user agent (RFC 9110 §10.1.5): `curl/8.1.2`. */
const PRODUCT = /^([\w.-]{1,40})(?:\/([\w.+-]{1,40}))?/;

/** What a client says of itself, and whether the tests know it. An unknown one is served like any other. */
export function seenMark({ name, version }: ClientMark, userAgent: string): SeenMark {
	if (name === 'unknown') {
		const [, product = 'no-user-agent', said = ''] = PRODUCT.exec(userAgent) ?? [];
		return { name: product, version: said, state: 'unknown-client' };
	}
	const said = /^[\w.+-]{1,40}/.exec(version ?? '')?.[0] ?? '';
	if (said === '') return { name, version: said, state: 'version-not-said' };
	const isTested = TESTED_VERSIONS[name].some((tested) => said === tested || said.startsWith(`${tested}.`));
	return { name, version: said, state: isTested ? 'known' : 'unknown-version' };
}
