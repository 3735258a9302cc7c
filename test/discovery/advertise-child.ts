/** A box as the conformance run needs it: answers HTTP on every address and is announced by the way that is named. */

import { createServer } from 'node:http';
import { buildAnnouncement } from '../../appliance/discovery/announcement.ts';
import { avahiAdvertiser } from '../../appliance/discovery/avahi/avahi-advertiser.ts';
import { ciaoAdvertiser } from '../../appliance/discovery/ciao-advertiser.ts';
import { mdnsJsAdvertiser } from '../../appliance/discovery/mdns-js-advertiser.ts';
import type { Advertiser } from '../../appliance/protocol/discovery.ts';
import { FACTS } from './facts.ts';
import { peerAdvertiser } from './peers.ts';

const name = process.argv[2] ?? '';
const OURS: Readonly<Record<string, () => Advertiser>> = {
	avahi: () => avahiAdvertiser(),
	'mdns-js': () => mdnsJsAdvertiser,
	ciao: () => ciaoAdvertiser,
};

const server = createServer((_request, response) => response.end('{"name":"innerloop"}'));
server.listen(FACTS.port, '::');
const advertiser = OURS[name]?.() ?? peerAdvertiser(name);
const advertisement = await advertiser.start(buildAnnouncement(FACTS));
let last = '';
const timer = setInterval(() => {
	const status = JSON.stringify(advertisement.status());
	if (status !== last) console.log(status);
	last = status;
}, 50);
process.once('SIGTERM', () => {
	void advertisement.stop().then(() => {
		clearInterval(timer);
		console.log('stopped');
		process.exit(0);
	});
});
