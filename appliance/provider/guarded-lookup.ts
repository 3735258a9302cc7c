/**
 * Resolves the name of an upstream when a connection is made, and gives out only addresses that may be called. The
 * connection goes to the very address that was looked at: a name that points elsewhere a moment later (DNS rebinding)
 * leads nowhere.
 */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { isLinkLocalOrMetadata } from '../config/check-address.ts';

const PRIVATE = new BlockList();
for (const [network, prefix] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['172.16.0.0', 12],
	['192.168.0.0', 16],
] as const)
	PRIVATE.addSubnet(network, prefix, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('::', 127, 'ipv6');

/** IPv4 in IPv6 (mapped, or NAT64's well-known prefix), as the IPv4 address that it leads to. */
function unwrapped(address: string): string {
	const tail = /^(?:::ffff:|64:ff9b::)(.+)$/i.exec(address)?.[1];
	if (tail === undefined || tail.includes('.')) return tail ?? address;
	const [high = 0, low = 0] = tail.split(':').map((part) => Number.parseInt(part, 16));
	return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

export type AddressKind = 'public' | 'private' | 'forbidden';

/** `forbidden`: link-local addresses and the clouds' metadata services, which nothing opens. */
export function kindOfAddress(address: string): AddressKind {
	const plain = unwrapped(address.replace(/%.*$/, ''));
	if (isLinkLocalOrMetadata(plain)) return 'forbidden';
	return PRIVATE.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4') ? 'private' : 'public';
}

/** A name that means something in one's own network only says by itself that a private address is meant. */
export const isPrivateName = (host: string): boolean => !host.includes('.') || /\.(?:local|localhost|lan|internal|home\.arpa)$/i.test(host);

class RefusedAddress extends Error {
	readonly code = 'ADDRESS_REFUSED';
}

type Done = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
type Resolve = (host: string, options: { all: true }, done: (error: Error | null, found: LookupAddress[]) => void) => void;

/**
 * @param allowsPrivate the operator's word for this upstream
 * @param resolve default: the system's own
 */
export function guardedLookup(allowsPrivate: boolean, resolve: Resolve = lookup) {
	return (host: string, options: LookupOptions, done: Done): void => {
		resolve(host, { ...options, all: true }, (error, found) => {
			if (error !== null) return done(error, []);
			const kinds = new Set(found.map(({ address }) => kindOfAddress(address)));
			if (kinds.has('forbidden')) return done(new RefusedAddress('the name leads to a link-local or metadata address'), []);
			if (kinds.has('private') && !allowsPrivate && !isPrivateName(host))
				return done(new RefusedAddress('the name leads into a private network'), []);
			const [first] = found;
			if (options.all === true) done(null, found);
			else done(first === undefined ? new Error('the name has no address') : null, first?.address ?? '', first?.family ?? 4);
		});
	};
}
