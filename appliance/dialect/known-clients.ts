/** What a client says of itself, and whether the tests know it. */

import type { ClientMark } from '../protocol/call.ts';
import type { KnownState } from '../protocol/clients.ts';
import { isKnownVersion } from '../protocol/known-versions.ts';

export interface SeenMark {
	readonly name: string;
	/** Empty where the client does not say it. */
	readonly version: string;
	readonly state: KnownState;
}

/** The first product of a user agent (RFC 9110 §10.1.5): `curl/8.1.2`. */
const PRODUCT = /^([\w.-]{1,40})(?:\/([\w.+-]{1,40}))?/;

/** An unknown one is served like any other. */
export function seenMark({ name, version }: ClientMark, userAgent: string): SeenMark {
	if (name === 'unknown') {
		const [, product = 'no-user-agent', said = ''] = PRODUCT.exec(userAgent) ?? [];
		return { name: product, version: said, state: 'unknown-client' };
	}
	const said = /^[\w.+-]{1,40}/.exec(version ?? '')?.[0] ?? '';
	if (said === '') return { name, version: said, state: 'version-not-said' };
	return { name, version: said, state: isKnownVersion(name, said) ? 'known' : 'unknown-version' };
}
