/** The eyes of the conformance run: python-zeroconf, every packet, and avahi-browse, on a machine of the lab. */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../support/network-lab.ts';

export interface SeenRecord {
	readonly name: string;
	readonly type: number;
	readonly ttl: number;
	readonly isUnique: boolean;
	readonly text: string;
}

export interface Seen {
	readonly event: string;
	/** Ms on the observer's own clock. */
	readonly at: number;
	readonly name?: string;
	readonly type?: string;
	readonly host?: string;
	readonly port?: number;
	readonly addresses?: readonly string[];
	readonly txt?: Readonly<Record<string, string>>;
	readonly source?: string;
	readonly records?: readonly SeenRecord[];
	readonly status?: number;
	readonly body?: string;
	readonly url?: string;
}

/** One line of `avahi-browse --parsable` for a service that was resolved. */
export interface AvahiLine {
	readonly interfaceName: string;
	readonly family: string;
	readonly name: string;
	readonly host: string;
	readonly address: string;
	readonly port: number;
	readonly txt: string;
}

const POLL_MS = 25;

/** How far behind this machine runs: what its own timers come late by, which is no fault of what is measured. */
export class Lag {
	private lateMs = 0;
	private lastMs = performance.now();
	private readonly timer = setInterval(() => {
		const nowMs = performance.now();
		this.lateMs += Math.max(0, nowMs - this.lastMs - POLL_MS * 2);
		this.lastMs = nowMs;
	}, POLL_MS);

	/** @returns ms in all since it was made */
	stop(): number {
		clearInterval(this.timer);
		return this.lateMs;
	}
}

export class Observer {
	readonly seen: Seen[] = [];
	private readonly host: LabHost;
	private readonly child: ChildProcess;
	private words = '';

	constructor(host: LabHost) {
		this.host = host;
		this.child = host.spawn(host.tools.python, [fileURLToPath(new URL('observer.py', import.meta.url))], { stdio: 'pipe' });
		this.child.stderr?.on('data', (chunk: Buffer) => {
			this.words += chunk.toString();
		});
		if (this.child.stdout === null) throw new Error('no output to read');
		createInterface(this.child.stdout).on('line', (line) => this.seen.push(JSON.parse(line) as Seen));
	}

	do(command: Readonly<Record<string, unknown>>): void {
		this.child.stdin?.write(`${JSON.stringify(command)}\n`);
	}

	/** The place after all that was seen until now. */
	mark(): number {
		return this.seen.length;
	}

	/** The first that fits, from a mark on; undefined when none comes in time. */
	async find(isWanted: (seen: Seen) => boolean, from = 0, timeoutMs = 5_000): Promise<Seen | undefined> {
		const deadlineMs = performance.now() + timeoutMs;
		for (;;) {
			const found = this.seen.slice(from).find(isWanted);
			if (found !== undefined || performance.now() > deadlineMs) return found;
			if (this.child.exitCode !== null) throw new Error(`the observer ended: ${this.words}`);
			await delay(POLL_MS);
		}
	}

	/** Looks with a fresh avahi-browse until a line fits. */
	async browse(type: string, isWanted: (line: AvahiLine) => boolean, timeoutMs = 15_000): Promise<AvahiLine | undefined> {
		const deadlineMs = performance.now() + timeoutMs;
		for (;;) {
			const output = await this.host.exec('timeout', '4', 'avahi-browse', '--parsable', '--resolve', '--terminate', type).catch(() => '');
			const found = output.split('\n').flatMap(parseLine).find(isWanted);
			if (found !== undefined || performance.now() > deadlineMs) return found;
			await delay(POLL_MS * 4);
		}
	}

	/** An IPv6 address of a host as avahi resolves it, with its zone where it needs one. */
	async resolveIpv6(host: string): Promise<string | undefined> {
		let address: string | undefined;
		for (let asked = 0; asked < 3 && address === undefined; asked += 1) {
			const output = await this.host.exec('timeout', '4', 'avahi-resolve', '-6', '--name', host).catch(() => '');
			address = output.trim().split(/\s+/)[1];
		}
		return address?.startsWith('fe80') && !address.includes('%') ? `${address}%lan0` : address;
	}

	async fetch(url: string): Promise<Seen | undefined> {
		const from = this.mark();
		this.do({ do: 'fetch', url });
		return await this.find(({ event }) => event === 'fetched', from);
	}
}

function parseLine(line: string): AvahiLine[] {
	const [mark, interfaceName = '', family = '', name = '', , , host = '', address = '', port = '', txt = ''] = line.split(';');
	if (mark !== '=') return [];
	const plain = name.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code)));
	return [{ interfaceName, family, name: plain, host, address, port: Number(port), txt }];
}
