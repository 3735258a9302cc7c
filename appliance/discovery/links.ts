/** The networks that the machine is on at this moment, each with a socket of its own on the port of multicast DNS. */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { BlockList } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

export const MDNS_PORT = 5353;
const GROUPS = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' } as const;

/** Node has no event for it; one look costs some 50 µs. */
const LOOK_INTERVAL_MS = 1_000;
/** RFC 6762, 11. */
const HOPS = 255;

export type Family = 'IPv4' | 'IPv6';

/** One family of addresses on one interface. */
export interface Link {
	readonly interfaceName: string;
	readonly family: Family;
	/** Of the interface, both families, without zone. */
	readonly addresses: readonly string[];
	/** To all on the link, or to one asker; resolves when it is sent or cannot be. */
	send(bytes: Buffer, to?: { readonly address: string; readonly port: number }): Promise<void>;
}

export interface LinksOptions {
	/** A message from a neighbour on the link, or from this machine itself. */
	onMessage(bytes: Buffer, link: Link, from: RemoteInfo): void;
	/** Links came, went or changed their addresses. */
	onChange(added: readonly Link[]): void;
	/** Address that the socket is bound to; a browser takes a free port. Default: the port of multicast DNS. */
	readonly port?: number;
}

interface OpenLink extends Link {
	readonly signature: string;
	readonly socket: Socket;
}

export class Links {
	private readonly open = new Map<string, OpenLink>();
	private readonly options: LinksOptions;
	private timer: NodeJS.Timeout | undefined;
	private isClosed = false;

	constructor(options: LinksOptions) {
		this.options = options;
	}

	/** Opens what is there and follows what changes. */
	async start(): Promise<void> {
		await this.look();
		this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
		this.timer.unref();
	}

	list(): readonly Link[] {
		return [...this.open.values()];
	}

	close(): void {
		this.isClosed = true;
		clearInterval(this.timer);
		for (const key of [...this.open.keys()]) this.drop(key);
	}

	private async look(): Promise<void> {
		const wanted = wantedLinks(networkInterfaces());
		for (const [key, { signature }] of this.open) if (wanted.get(key)?.signature !== signature) this.drop(key);
		const missing = [...wanted].filter(([key]) => !this.open.has(key));
		const opened = await Promise.all(missing.map(([key, plan]) => this.add(key, plan)));
		const added = opened.flatMap((link) => (link === undefined ? [] : [link]));
		if (added.length > 0 && !this.isClosed) this.options.onChange(added);
	}

	/** Undefined where the network is not ready for it: the next look tries again. */
	private async add(key: string, plan: LinkPlan): Promise<Link | undefined> {
		const socket = createSocket({ type: plan.family === 'IPv4' ? 'udp4' : 'udp6', reuseAddr: true, ipv6Only: plan.family === 'IPv6' });
		try {
			await bind(socket, this.options.port ?? MDNS_PORT);
			join(socket, plan);
		} catch {
			socket.close();
			return undefined;
		}
		if (this.isClosed || this.open.has(key)) {
			socket.close();
			return undefined;
		}
		const link: OpenLink = { ...plan, socket, send: (bytes, to) => send(socket, plan, bytes, to) };
		socket.on('error', () => this.drop(key));
		socket.on('message', (bytes, from) => {
			if (plan.isNeighbour(from)) this.options.onMessage(bytes, link, from);
		});
		this.open.set(key, link);
		return link;
	}

	private drop(key: string): void {
		const link = this.open.get(key);
		this.open.delete(key);
		link?.socket.close();
	}
}

interface LinkPlan extends Omit<Link, 'send'> {
	readonly signature: string;
	/** Own address that names the interface to the kernel. */
	readonly local: string;
	/** Every socket hears what comes in on any interface: each takes what came from its own network. */
	isNeighbour(from: RemoteInfo): boolean;
}

function wantedLinks(interfaces: ReturnType<typeof networkInterfaces>): Map<string, LinkPlan> {
	const wanted = new Map<string, LinkPlan>();
	for (const [interfaceName, infos = []] of Object.entries(interfaces)) {
		const outer = infos.filter((info) => !info.internal);
		const addresses = outer.map(({ address }) => address);
		for (const family of ['IPv4', 'IPv6'] as const) {
			const own = outer.filter((info) => info.family === family);
			const [first] = own;
			if (first === undefined) continue;
			const local = family === 'IPv4' ? first.address : `::%${interfaceName}`;
			const signature = [family, ...addresses].join(' ');
			const isNeighbour = family === 'IPv4' ? inSubnets(own) : (from: RemoteInfo) => inZone(from, interfaceName, own);
			wanted.set(`${interfaceName} ${family}`, { interfaceName, family, addresses, local, signature, isNeighbour });
		}
	}
	return wanted;
}

function inSubnets(infos: readonly NetworkInterfaceInfo[]): (from: RemoteInfo) => boolean {
	const list = new BlockList();
	for (const { address, cidr } of infos) list.addSubnet(address, Number(cidr?.split('/')[1] ?? 32), 'ipv4');
	return ({ address }) => list.check(address, 'ipv4');
}

function inZone({ address }: RemoteInfo, interfaceName: string, infos: readonly NetworkInterfaceInfo[]): boolean {
	const [plain = '', zone] = address.split('%');
	if (zone !== undefined) return zone === interfaceName;
	const list = new BlockList();
	for (const info of infos) list.addSubnet(info.address, Number(info.cidr?.split('/')[1] ?? 128), 'ipv6');
	return list.check(plain, 'ipv6');
}

function bind(socket: Socket, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once('error', reject);
		socket.bind(port, () => {
			socket.off('error', reject);
			resolve();
		});
	});
}

function join(socket: Socket, { family, local }: LinkPlan): void {
	socket.setMulticastInterface(local);
	socket.addMembership(GROUPS[family], local);
	socket.setMulticastTTL(HOPS);
	socket.setTTL(HOPS);
	socket.setMulticastLoopback(true);
}

/** A network that went away takes its message along: what counts is said again when it is back. */
function send(
	socket: Socket,
	{ family, interfaceName }: LinkPlan,
	bytes: Buffer,
	to: { readonly address: string; readonly port: number } | undefined,
): Promise<void> {
	const address = to?.address ?? (family === 'IPv4' ? GROUPS.IPv4 : `${GROUPS.IPv6}%${interfaceName}`);
	return new Promise((resolve) => {
		try {
			socket.send(bytes, to?.port ?? MDNS_PORT, address, () => resolve());
		} catch {
			resolve();
		}
	});
}
