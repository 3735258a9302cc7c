/** Under which names and addresses the box may be called over TLS. */

import { hostname, networkInterfaces } from 'node:os';
import type { Names } from './certificate.ts';

/** Where a box of a team stands: names that mean nothing outside a network, and networks that are not routed outside. */
const PERMITTED: Names = {
	dns: ['local', 'localhost', 'lan', 'internal', 'home.arpa'],
	ip: [
		'127.0.0.0/8',
		'10.0.0.0/8',
		'172.16.0.0/12',
		'192.168.0.0/16',
		'169.254.0.0/16',
		'100.64.0.0/10',
		'::1/128',
		'fc00::/7',
		'fe80::/10',
	],
};

/** Two boxes of one name: the second becomes `innerloop-2.local`. */
const RENAMED = [2, 3, 4];

/** What the authority may vouch for; it is made once, so only names that are known then. */
export const permittedNames = (more: readonly string[]): Names => ({
	dns: [...new Set([...PERMITTED.dns, ...ownNames(), ...more.map(withoutDot)])],
	ip: PERMITTED.ip,
});

/** @param more names of the configuration */
export function leafNames(more: readonly string[]): Names {
	const host = shortName();
	const local = ['innerloop', host].flatMap((name) => [`${name}.local`, ...RENAMED.map((n) => `${name}-${n}.local`)]);
	return {
		dns: [...new Set([...local, ...ownNames(), 'localhost', ...more.filter((name) => !name.startsWith('.'))])],
		ip: [...new Set(['127.0.0.1', '::1', ...addresses()])].sort(),
	};
}

const withoutDot = (name: string): string => name.replace(/^\./, '');
const shortName = (): string => hostname().split('.', 1)[0]?.toLowerCase() || 'innerloop';
const ownNames = (): string[] =>
	[...new Set([hostname().toLowerCase(), shortName(), 'innerloop'])].filter((name) => /^[a-z0-9.-]+$/.test(name));

/** Of this machine's networks, those that the authority may vouch for. */
function addresses(): string[] {
	const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return found.filter(({ address, family }) => isPrivate(address, family)).map(({ address }) => address);
}

const isPrivate = (address: string, family: string): boolean =>
	family === 'IPv4'
		? /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(address)
		: /^(?:::1$|f[cd]|fe[89ab])/i.test(address);
