/** The part of mdns-js 1.0.3 that we use, typed: the package has no types, and keeps the class off its documented door. */

import { createRequire } from 'node:module';

/** A packet as mdns-js makes it; we read nothing of it but what it is meant for. */
export interface MdnsJsPacket {
	readonly header: { readonly qr: number };
	readonly answer: readonly { readonly ttl?: number }[];
}

/** What an mdns-js advertisement expects of its network: events `packets`, and these. */
export interface MdnsJsNetwork {
	on(event: 'packets', listener: (packets: readonly unknown[]) => void): unknown;
	addUsage(user: unknown, next: () => void): void;
	send(packet: MdnsJsPacket, next?: () => void): void;
	stop(): void;
}

export interface MdnsJsAdvertisement {
	/** 0 to 2 are the probes, 3 announces, 4 takes another name. */
	status: number;
	/** Follows the wanted name after conflicts. */
	readonly nameSuffix: string;
	start(): void;
	stop(next?: () => void): void;
}

interface MdnsJs {
	readonly Advertisement: new (
		network: MdnsJsNetwork,
		type: unknown,
		port: number,
		options: { readonly name: string; readonly host: string; readonly txt: Readonly<Record<string, string>> },
	) => MdnsJsAdvertisement;
	tcp(name: string): unknown;
}

const require = createRequire(import.meta.url);
export const mdnsJs = require('mdns-js') as MdnsJs;
