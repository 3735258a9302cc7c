/** Machines of their own on networks of their own, in one machine: namespaces joined by virtual cables. */

import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DiscoveryTools } from './discovery-tools.ts';

const run = promisify(execFile);
/** avahi-daemon insists on a user of its own, which this machine alone sees. */
const START = [
	'mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon',
	'(cat /etc/passwd; echo avahi:x:0:0::/:/bin/false) > /run/passwd && mount --bind /run/passwd /etc/passwd',
	'(cat /etc/group; echo avahi:x:0:) > /run/group && mount --bind /run/group /etc/group',
	'ip link set lo up && echo ready && exec sleep infinity',
].join(' && ');

/** An end of a cable, with its addresses in `ip` notation; none yet where the list is empty. */
export interface Plug {
	readonly host: LabHost;
	readonly addresses: readonly string[];
}

/** A machine with its own network, its own /run, and its own message bus and avahi where they were started. */
export class LabHost {
	private readonly holder: ChildProcess;
	private readonly children: ChildProcess[] = [];
	readonly tools: DiscoveryTools;

	private readonly outer: ChildProcess | undefined;

	/** @param outer holds the namespace of users in which this one is root; undefined where the user is root */
	constructor(holder: ChildProcess, tools: DiscoveryTools, outer: ChildProcess | undefined) {
		this.holder = holder;
		this.tools = tools;
		this.outer = outer;
	}

	get pid(): number {
		return this.holder.pid ?? 0;
	}

	/** Runs a program on it to its end. @throws when it fails */
	async exec(command: string, ...args: readonly string[]): Promise<string> {
		const { stdout } = await run('/usr/bin/env', this.enter(command, args), { env: this.env(), timeout: 20_000 });
		return stdout;
	}

	/** Starts a program that ends with the lab at the latest. */
	spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
		const child = spawn('/usr/bin/env', this.enter(command, args), { ...options, env: { ...this.env(), ...options.env } });
		this.children.push(child);
		return child;
	}

	async startAvahi(hostName: string, folder: string): Promise<void> {
		const bus = join(folder, `${hostName}-bus.conf`);
		const avahi = join(folder, `${hostName}-avahi.conf`);
		writeFileSync(bus, BUS_CONFIG);
		writeFileSync(avahi, `[server]\nhost-name=${hostName}\nuse-ipv4=yes\nuse-ipv6=yes\n[wide-area]\nenable-wide-area=no\n[reflector]\n`);
		this.spawn('dbus-daemon', [`--config-file=${bus}`, '--nofork', '--nopidfile'], { stdio: 'ignore' });
		await this.until('a message bus', () => this.exec('test', '-S', '/run/dbus/system_bus_socket'));
		this.spawn('avahi-daemon', ['--no-drop-root', '--no-chroot', '--no-rlimits', '-f', avahi], { stdio: 'ignore' });
		await this.until('avahi-daemon', () => this.exec('avahi-daemon', '--check'));
	}

	/** Waits until a step goes through. */
	async until<T>(what: string, step: () => Promise<T>, timeoutMs = 10_000): Promise<T> {
		const deadlineMs = performance.now() + timeoutMs;
		for (;;) {
			try {
				return await step();
			} catch (error) {
				if (performance.now() > deadlineMs) throw new Error(`${what} did not come up in ${timeoutMs} ms: ${String(error)}`);
				await delay(50);
			}
		}
	}

	stop(): void {
		for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL');
		this.holder.kill('SIGKILL');
	}

	private enter(command: string, args: readonly string[]): string[] {
		return [...asRootIn(this.outer), 'nsenter', '-t', String(this.pid), '--net', '--mount', '--', command, ...args];
	}

	private env(): NodeJS.ProcessEnv {
		return { ...process.env, ...this.tools.env };
	}
}

const BUS_CONFIG = `<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>`;

export interface Lab {
	/** For files of the test; deleted at the end. */
	readonly folder: string;
	host(): Promise<LabHost>;
	/** Lays a cable; both ends get the same name and are up. */
	connect(name: string, left: Plug, right: Plug): Promise<void>;
	stop(): void;
}

/** Whoever is not root is it in a namespace of users. @throws where neither is allowed */
export async function openLab(tools: DiscoveryTools): Promise<Lab> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-lab-'));
	const hosts: LabHost[] = [];
	const outer =
		process.getuid?.() === 0 ? undefined : await startHolder(['--user', '--map-root-user'], 'echo ready && exec sleep infinity', tools);
	return {
		folder,
		async host() {
			const host = await startHost(tools, outer);
			hosts.push(host);
			return host;
		},
		async connect(name, left, right) {
			await left.host.exec('ip', 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', name, 'netns', String(right.host.pid));
			for (const { host, addresses } of [left, right]) {
				// An address that is still being looked for on the link cannot be used for a second or two.
				await host.exec('sh', '-c', `echo 0 > /proc/sys/net/ipv6/conf/${name}/accept_dad`);
				for (const address of addresses) await host.exec('ip', 'address', 'add', address, 'dev', name);
				await host.exec('ip', 'link', 'set', name, 'up');
			}
		},
		stop() {
			for (const host of hosts) host.stop();
			outer?.kill('SIGKILL');
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function startHost(tools: DiscoveryTools, outer: ChildProcess | undefined): Promise<LabHost> {
	return new LabHost(await startHolder(['--net', '--mount'], START, tools, outer), tools, outer);
}

/** A process that holds namespaces open. */
async function startHolder(kinds: readonly string[], script: string, tools: DiscoveryTools, outer?: ChildProcess): Promise<ChildProcess> {
	const args = [...asRootIn(outer), 'unshare', ...kinds, 'sh', '-c', script];
	const holder = spawn('/usr/bin/env', args, { env: { ...process.env, ...tools.env }, stdio: ['ignore', 'pipe', 'pipe'] });
	let words = '';
	holder.stderr.on('data', (chunk: Buffer) => {
		words += chunk.toString();
	});
	await new Promise<void>((resolve, reject) => {
		holder.stdout.once('data', () => resolve());
		holder.once('error', reject);
		holder.once('exit', () =>
			reject(new Error(`No network of its own can be made here (it takes root, or user namespaces): ${words.trim()}`)),
		);
	});
	return holder;
}

const asRootIn = (outer: ChildProcess | undefined): string[] =>
	outer === undefined ? [] : ['nsenter', '-t', String(outer.pid), '--user', '--preserve-credentials', '--'];
