/** Announces the box by ciao, which probes, answers and renames by itself, but passes over networks that have no route yet: it is told them. */

import { networkInterfaces } from 'node:os';
import { type CiaoService, getResponder, type Responder, type ServiceEvent } from '@homebridge/ciao';
import type { Advertisement, Advertiser, Announcement, DiscoveryStatus } from '../protocol/discovery.ts';

/** ciao's own name of it is an enum that leaves no trace at run time. */
const NAME_CHANGED = 'name-change' as ServiceEvent.NAME_CHANGED;
const LOOK_INTERVAL_MS = 1_000;

export const ciaoAdvertiser: Advertiser = {
	name: 'ciao',
	async start(announcement: Announcement): Promise<Advertisement> {
		const advertisement = new CiaoAdvertisement(announcement);
		await advertisement.look();
		return advertisement;
	},
};

class CiaoAdvertisement implements Advertisement {
	private readonly announcement: Announcement;
	private readonly timer: NodeJS.Timeout;
	private responder: Responder | undefined;
	private signature = '';
	private changing: Promise<void> = Promise.resolve();
	private name: string;
	private state: DiscoveryStatus['state'] = 'waiting';
	private detail: string | undefined = 'no network with an address';

	constructor(announcement: Announcement) {
		this.announcement = announcement;
		this.name = announcement.name;
		this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
		this.timer.unref();
	}

	status(): DiscoveryStatus {
		const { state, detail } = this;
		return { state, adapter: 'ciao', name: state === 'announced' ? this.name : undefined, detail };
	}

	/** Begins anew where networks or addresses changed. */
	look(): Promise<void> {
		const { names, signature } = networksNow(this.announcement.address);
		if (signature === this.signature) return this.changing;
		this.signature = signature;
		this.changing = this.changing.then(() => this.change(names));
		return this.changing;
	}

	async stop(): Promise<void> {
		clearInterval(this.timer);
		await this.changing;
		await this.end();
		this.become('off');
	}

	private async change(names: readonly string[]): Promise<void> {
		await this.end();
		if (names.length === 0) {
			this.become('waiting', 'no network with an address');
			return;
		}
		this.become('starting');
		this.name = this.announcement.name;
		this.responder = getResponder({ interface: [...names] });
		const services = this.announcement.types.map((type) => this.make(type));
		// Not waited for: a network that goes away meanwhile would hold up the next change.
		Promise.all(services.map((service) => service?.advertise())).then(
			() => this.become('announced'),
			(error: unknown) => this.become('failed', error instanceof Error ? error.message : String(error)),
		);
	}

	private async end(): Promise<void> {
		const { responder } = this;
		this.responder = undefined;
		// A network that is gone hears no goodbye.
		await responder?.shutdown().catch(() => undefined);
	}

	/** Each type has a host name of its own: ciao takes two services of one host for rivals. */
	private make(type: string): CiaoService | undefined {
		const { name, hostLabel, port, txt } = this.announcement;
		const short = type.split('.')[0]?.slice(1) ?? '';
		const hostname = short === 'innerloop' ? hostLabel : `${hostLabel}-${short}`;
		const service = this.responder?.createService({ name, type: short, port, hostname, txt: { ...txt } });
		service?.on(NAME_CHANGED, (changed: string) => {
			if (short === 'innerloop') this.name = changed;
		});
		return service;
	}

	private become(state: DiscoveryStatus['state'], detail?: string): void {
		this.state = state;
		this.detail = detail;
	}
}

function networksNow(address: string | undefined): { names: readonly string[]; signature: string } {
	const own = Object.entries(networkInterfaces()).flatMap(([name, infos = []]) => {
		const outer = infos.filter((info) => !info.internal);
		const isWanted = outer.length > 0 && (address === undefined || outer.some((info) => info.address === address));
		return isWanted ? [{ name, text: [name, ...outer.map((info) => info.address)].join(' ') }] : [];
	});
	return { names: own.map(({ name }) => name), signature: own.map(({ text }) => text).join(', ') };
}
