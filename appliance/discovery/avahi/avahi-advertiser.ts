/** Announces the box by the machine's own avahi-daemon, over the system's message bus: the daemon does all that is on the wire. */

import type { Advertisement, Advertiser, Announcement, DiscoveryStatus } from '../../protocol/discovery.ts';
import { DbusConnection, type DbusSignal } from './dbus-connection.ts';
import type { DbusValue } from './dbus-value.ts';

const AVAHI = 'org.freedesktop.Avahi';
const USUAL_BUS = 'unix:path=/run/dbus/system_bus_socket';
/** All interfaces, all families. */
const UNSPECIFIED = -1;
/** States of an entry group (avahi-common/defs.h). */
const ESTABLISHED = 2;
const COLLISION = 3;
const FAILURE = 4;
/** Between two tries to reach a daemon that went away. */
const RETRY_MS = 2_000;

/** @param busAddress default: where every system has it */
export function avahiAdvertiser(busAddress = process.env.DBUS_SYSTEM_BUS_ADDRESS ?? USUAL_BUS): Advertiser {
	return {
		name: 'avahi',
		async start(announcement: Announcement): Promise<Advertisement> {
			const advertisement = new AvahiAdvertisement(busAddress, announcement);
			await advertisement.register();
			return advertisement;
		},
	};
}

class AvahiAdvertisement implements Advertisement {
	private readonly busAddress: string;
	private readonly announcement: Announcement;
	private bus: DbusConnection | undefined;
	private group = '';
	private name: string;
	private state: DiscoveryStatus['state'] = 'starting';
	private detail: string | undefined;
	private retry: NodeJS.Timeout | undefined;

	constructor(busAddress: string, announcement: Announcement) {
		this.busAddress = busAddress;
		this.announcement = announcement;
		this.name = announcement.name;
	}

	/** @throws when there is no bus or no daemon on it */
	async register(): Promise<void> {
		const bus = await DbusConnection.open(this.busAddress);
		this.bus = bus;
		try {
			await this.follow(bus);
			const [path] = await this.server(bus, 'EntryGroupNew');
			this.group = String(path);
			bus.onSignal = (signal) => this.hear(signal);
			bus.onClose = () => this.comeBack('the message bus went away');
			await this.publish(bus);
		} catch (error) {
			bus.close();
			throw new Error(`avahi-daemon: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
		}
	}

	status(): DiscoveryStatus {
		const { state, detail } = this;
		return { state, adapter: 'avahi', name: state === 'announced' ? this.name : undefined, detail };
	}

	/** The daemon says goodbye for a group that is freed. */
	async stop(): Promise<void> {
		clearTimeout(this.retry);
		const { bus } = this;
		this.bus = undefined;
		if (bus === undefined) return;
		bus.onClose = () => undefined;
		await this.ofGroup(bus, 'Free').catch(() => undefined);
		bus.close();
		this.become('off');
	}

	private async publish(bus: DbusConnection): Promise<void> {
		const { types, port, txt } = this.announcement;
		const entries = Object.entries(txt).map(([key, value]) => [...Buffer.from(`${key}=${value}`)]);
		for (const type of types) {
			const service = [UNSPECIFIED, UNSPECIFIED, 0, this.name, type, '', '', port, entries];
			await this.ofGroup(bus, 'AddService', 'iiussssqaay', service);
		}
		await this.ofGroup(bus, 'Commit');
	}

	private hear({ path, member, body }: DbusSignal): void {
		if (member === 'NameOwnerChanged' && body[0] === AVAHI && body[2] === '') this.comeBack('avahi-daemon went away');
		if (member !== 'StateChanged' || path !== this.group) return;
		if (body[0] === ESTABLISHED) this.become('announced');
		else if (body[0] === FAILURE) this.become('failed', String(body[1]));
		else if (body[0] === COLLISION) void this.takeAnotherName().catch((error: unknown) => this.comeBack(String(error)));
	}

	private async takeAnotherName(): Promise<void> {
		const { bus } = this;
		if (bus === undefined) return;
		this.become('starting');
		const [name] = await this.server(bus, 'GetAlternativeServiceName', 's', [this.name]);
		this.name = String(name);
		await this.ofGroup(bus, 'Reset');
		await this.publish(bus);
	}

	/** A daemon that is updated or fails comes back: so do we. */
	private comeBack(detail: string): void {
		if (this.bus === undefined) return;
		this.bus.close();
		this.become('waiting', detail);
		clearTimeout(this.retry);
		this.retry = setTimeout(() => {
			this.register().catch(() => this.comeBack(detail));
		}, RETRY_MS);
		this.retry.unref();
	}

	private async follow(bus: DbusConnection): Promise<void> {
		const rules = [
			`type='signal',sender='${AVAHI}',interface='${AVAHI}.EntryGroup'`,
			`type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${AVAHI}'`,
		];
		const busItself = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' };
		for (const rule of rules) await bus.call({ ...busItself, member: 'AddMatch', signature: 's', body: [rule] });
		// A call to the daemon itself could have the bus start one that the owner switched off.
		const [hasOwner] = await bus.call({ ...busItself, member: 'NameHasOwner', signature: 's', body: [AVAHI] });
		if (hasOwner !== true) throw new Error('it does not run');
	}

	private server(bus: DbusConnection, member: string, signature = '', body: readonly DbusValue[] = []): Promise<readonly DbusValue[]> {
		return bus.call({ destination: AVAHI, path: '/', interface: `${AVAHI}.Server`, member, signature, body });
	}

	private ofGroup(bus: DbusConnection, member: string, signature = '', body: readonly DbusValue[] = []): Promise<readonly DbusValue[]> {
		return bus.call({ destination: AVAHI, path: this.group, interface: `${AVAHI}.EntryGroup`, member, signature, body });
	}

	private become(state: DiscoveryStatus['state'], detail?: string): void {
		this.state = state;
		this.detail = detail;
	}
}
