/** Base addresses of a box, and which of them may carry a secret. */

import type { FoundBox } from '../../discovery/browse.ts';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** By name first, then by IP address; over TLS where the box speaks it. */
export function addressesOf({ host, port, tlsPort, addresses }: FoundBox): readonly string[] {
	const scheme = tlsPort === undefined ? 'http' : 'https';
	const names = [host, ...addresses.map((address) => (address.includes(':') ? `[${address}]` : address))];
	return names.map((name) => `${scheme}://${name}:${tlsPort ?? port}`);
}

/** A key goes over TLS, or stays on this machine. */
export function isPrivate(address: string): boolean {
	const { protocol, hostname } = new URL(address);
	return protocol === 'https:' || LOOPBACK.test(hostname);
}

/** Without a slash at its end. Undefined when it is no http address. */
export function baseOf(text: string): string | undefined {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	return url !== undefined && /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.host}` : undefined;
}
