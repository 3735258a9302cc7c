/** Which upstream addresses a configuration may name. */

/** Link-local addresses and the clouds' metadata services: a box must never be talked into asking them. */
export function isLinkLocalOrMetadata(hostname: string): boolean {
	const host = hostname
		.replace(/^\[|\]$/g, '')
		.replace(/\.$/, '')
		.toLowerCase();
	const mapped = /^::ffff:([0-9a-f]{1,4}):[0-9a-f]{1,4}$/.exec(host)?.[1];
	return (
		host.startsWith('169.254.') ||
		mapped === 'a9fe' ||
		/^fe[89ab][0-9a-f]:/.test(host) ||
		host === 'fd00:ec2::254' ||
		host === '100.100.100.200' ||
		host === 'metadata.google.internal' ||
		host === 'metadata'
	);
}

export function isLoopback(hostname: string): boolean {
	return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

export interface AddressFault {
	readonly found: string;
	readonly expected: string;
}

/** Undefined when the address is fine. The address itself is not repeated: it may carry a password. */
export function checkAddress(text: string): AddressFault | undefined {
	if (!URL.canParse(text)) return undefined;
	const url = new URL(text);
	if (isLinkLocalOrMetadata(url.hostname)) {
		return { found: 'a link-local or metadata address', expected: 'the address of a model provider' };
	}
	if (url.username || url.password) {
		return { found: 'an address with a user name or password', expected: 'the secret in an environment variable, named by keyEnv' };
	}
	if (url.search || url.hash) return { found: 'an address with a query or fragment', expected: 'scheme, host, port and perhaps a path' };
	if (/\/v1\/*$/.test(url.pathname)) {
		return { found: 'an address that ends in /v1', expected: 'the same address without /v1, which the path of each call brings along' };
	}
	return undefined;
}
