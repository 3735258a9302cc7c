/** Other packages as they come, announced through the same port: what ours is measured beside. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Advertisement, Advertiser, Announcement } from '../../appliance/protocol/discovery.ts';

interface BonjourService {
	readonly default: new () => {
		publish(options: { name: string; type: string; port: number; txt: Readonly<Record<string, string>> }): unknown;
		unpublishAll(done: () => void): void;
		destroy(): void;
	};
}

interface BareMdnsJs {
	tcp(name: string): unknown;
	createAdvertisement(type: unknown, port: number, options: object): { start(): void; stop(done: () => void): void };
}

/** Not of this project: the benchmark installs it beside. */
const BONJOUR = 'bonjour-service';

/** @param name `bonjour-service`, from the folder in INNERLOOP_PEERS, or `bare-mdns-js`: the package without our repairs */
export function peerAdvertiser(name: string): Advertiser {
	const start = name === 'bonjour-service' ? bonjour : name === 'bare-mdns-js' ? bareMdnsJs : undefined;
	if (start === undefined) throw new Error(`There is no advertiser ${name}.`);
	return { name: 'ciao', start: (announcement) => Promise.resolve(asAdvertisement(start(announcement))) };
}

function asAdvertisement(stop: (done: () => void) => void): Advertisement {
	return {
		status: () => ({ state: 'announced', adapter: undefined, name: undefined, detail: undefined }),
		stop: () => new Promise((resolve) => stop(resolve)),
	};
}

function bonjour({ name, types, port, txt }: Announcement): (done: () => void) => void {
	const require = createRequire(join(process.env.INNERLOOP_PEERS ?? '', 'package.json'));
	const { default: Bonjour } = require(BONJOUR) as BonjourService;
	const responder = new Bonjour();
	for (const type of types) responder.publish({ name, type: type.split('.')[0]?.slice(1) ?? '', port, txt });
	return (done) =>
		responder.unpublishAll(() => {
			responder.destroy();
			done();
		});
}

function bareMdnsJs({ name, hostLabel, types, port, txt }: Announcement): (done: () => void) => void {
	const require = createRequire(import.meta.url);
	const mdnsJs = require('mdns-js') as BareMdnsJs;
	const all = types.map((type) => mdnsJs.createAdvertisement(mdnsJs.tcp(type.split('.')[0] ?? ''), port, { name, host: hostLabel, txt }));
	for (const one of all) one.start();
	return (done) => all[0]?.stop(done);
}
