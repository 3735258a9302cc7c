/** Under which names and addresses the box may be called over TLS. */

import { hostname, networkInterfaces } from 'node:os';
import { hostLabelOf } from '../../discovery/announcement.ts';
import type { Names } from './certificate.ts';

/**
 * Names that mean nothing outside a network. Addresses stay open: BoringSSL, which Claude Code has inside, refuses every
 * certificate under an authority that constrains them.
 */
const PERMITTED = ['local', 'localhost', 'lan', 'internal', 'home.arpa'];

/** Two boxes of one name: the second becomes `innerloop-2.local`. */
const RENAMED = [2, 3, 4];

/** What the authority may vouch for; it is made once, so only names that are known then. */
export const permittedNames = (more: readonly string[]): readonly string[] => [
	...new Set([...PERMITTED, ...ownNames(), ...more.map(withoutDot)]),
];

/**
 * Those that the box is announced under too: avahi tells the machine's own name, the other ways one beside it.
 * @param more names of the configuration
 */
export function leafNames(more: readonly string[]): Names {
	const host = shortName();
	const local = ['innerloop', host, hostLabelOf(hostname())].flatMap((name) => [
		`${name}.local`,
		...RENAMED.map((n) => `${name}-${n}.local`),
	]);
	return {
		dns: [...new Set([...local, ...ownNames(), 'localhost', ...more.filter((name) => !name.startsWith('.'))])],
		ip: [...new Set(['127.0.0.1', '::1', ...addresses()])].sort(),
	};
}

const withoutDot = (name: string): string => name.replace(/^\./, '');
const shortName = (): string => hostname().split('.', 1)[0]?.toLowerCase() || 'innerloop';
const ownNames = (): string[] =>
	[...new Set([hostname().toLowerCase(), shortName(), 'innerloop'])].filter((name) => /^[a-z0-9.-]+$/.test(name));

/** Of this machine's networks, the private ones: a public address is no place for a box. */
function addresses(): string[] {
	const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return found.filter(({ address, family }) => isPrivate(address, family)).map(({ address }) => address);
}

const isPrivate = (address: string, family: string): boolean =>
	family === 'IPv4'
		? /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(address)
		: /^(?:::1$|f[cd]|fe[89ab])/i.test(address);
