/** Has the box announced by the first way that works here, and never lets a failure reach the service. */

import type { Logger } from 'pino';
import type { Advertisement, Advertiser, AdvertiserName, Announcement, DiscoveryStatus } from '../protocol/discovery.ts';
import { avahiAdvertiser } from './avahi/avahi-advertiser.ts';
import { ciaoAdvertiser } from './ciao-advertiser.ts';
import { mdnsJsAdvertiser } from './mdns-js-advertiser.ts';

const OFF: DiscoveryStatus = { state: 'off', adapter: undefined, name: undefined, detail: undefined };
/** A goodbye is a courtesy: the stop does not wait longer for it. */
const GOODBYE_TIMEOUT_MS = 1_500;

const MAKERS: Readonly<Record<AdvertiserName, () => Advertiser>> = {
	avahi: () => avahiAdvertiser(),
	'mdns-js': () => mdnsJsAdvertiser,
	ciao: () => ciaoAdvertiser,
};

export class Announcer {
	private readonly log: Logger;
	private current: Advertisement | undefined;
	private idle: DiscoveryStatus = OFF;

	constructor(log: Logger) {
		this.log = log;
	}

	status(): DiscoveryStatus {
		return this.current?.status() ?? this.idle;
	}

	/** Says why nothing is announced. */
	stayOff(detail: string): void {
		this.idle = { ...OFF, detail };
	}

	/** Tries the ways in their order; never rejects. */
	async start(announcement: Announcement, order: readonly AdvertiserName[]): Promise<void> {
		const failures: string[] = [];
		for (const name of order) {
			try {
				this.current = await MAKERS[name]().start(announcement);
				this.log.info({ adapter: name, name: announcement.name, passedOver: failures }, 'announced on the network');
				return;
			} catch (error) {
				failures.push(error instanceof Error ? error.message : String(error));
			}
		}
		this.idle = { ...OFF, state: 'failed', detail: failures.join('; ') };
		this.log.warn({ failures }, 'the box cannot be announced on the network');
	}

	/** Says goodbye; never rejects, and never holds a stop up. */
	async stop(): Promise<void> {
		const { current } = this;
		this.current = undefined;
		this.idle = OFF;
		if (current === undefined) return;
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, GOODBYE_TIMEOUT_MS);
		});
		await Promise.race([current.stop().catch(() => undefined), late]);
		clearTimeout(timer);
	}
}
