/**
 * Announces the box by mdns-js: the package probes, takes another name after a conflict, announces, and says when; what it
 * puts on the wire, and all that it does not hear or answer, is repaired here, around it.
 */

import type { Advertisement, Advertiser, Announcement, DiscoveryStatus } from '../protocol/discovery.ts';
import { MdnsResponder } from './mdns-responder.ts';

export const mdnsJsAdvertiser: Advertiser = {
	name: 'mdns-js',
	async start(announcement: Announcement): Promise<Advertisement> {
		const responder = new MdnsResponder(announcement);
		await responder.start();
		return {
			status: (): DiscoveryStatus => ({ adapter: 'mdns-js', ...responder.status() }),
			stop: () => responder.stop(),
		};
	},
};
