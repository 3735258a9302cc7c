/** How the box is announced on its network: what is said, who says it, and how that goes. */

export const ADVERTISERS = ['avahi', 'mdns-js', 'ciao'] as const;
export type AdvertiserName = (typeof ADVERTISERS)[number];

/** One box as DNS-SD tells it: the same name under every type. */
export interface Announcement {
	/** Instance name, one label: at most 63 bytes, without a dot. */
	readonly name: string;
	/** First label of the host name for adapters that announce one of their own. */
	readonly hostLabel: string;
	/** For instance `_innerloop._tcp`. */
	readonly types: readonly string[];
	readonly port: number;
	/** Each pair at most 255 bytes. Nothing secret: every device on the network reads it. */
	readonly txt: Readonly<Record<string, string>>;
	/** The one address that the service listens on; undefined where it listens on all. */
	readonly address: string | undefined;
}

/** `waiting`: all is well but there is no network to be found on. */
export type AdvertiserState = 'off' | 'starting' | 'announced' | 'waiting' | 'failed';

export interface DiscoveryStatus {
	readonly state: AdvertiserState;
	readonly adapter: AdvertiserName | undefined;
	/** As announced: another than asked for where that was taken. */
	readonly name: string | undefined;
	/** Why, in words for a person. */
	readonly detail: string | undefined;
}

/** An announcement that stands. */
export interface Advertisement {
	status(): DiscoveryStatus;
	/** Says goodbye; idempotent, and never rejects. */
	stop(): Promise<void>;
}

/** One way to be found. */
export interface Advertiser {
	readonly name: AdvertiserName;
	/** Resolves once it works on it, which may be before there is a network. @throws when it cannot work on this machine */
	start(announcement: Announcement): Promise<Advertisement>;
}
