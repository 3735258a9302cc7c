/** The image in an emulated machine with a Cortex-A76: the kernel of the image itself, its disk on a copy of the file. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { obtainPrograms, programPath } from '../../support/debian-programs.ts';
import { ConsoleShell } from './console-shell.ts';

const PROGRAMS = {
	'qemu-system-aarch64': 'qemu-system-arm',
	'qemu-img': 'qemu-utils',
	debugfs: 'e2fsprogs',
	mcopy: 'mtools',
	sfdisk: 'fdisk',
};
const SECTOR = 512;
/** Of the service, unless the configuration says otherwise. */
const SERVICE_PORT = 7_341;
const MDNS_PORT = 5_353;
/** What a card has beyond the image: the data partition grows into it. */
const CARD = '8G';

export interface Partition {
	/** Bytes. */
	readonly start: number;
	readonly size: number;
}

export interface Emulator {
	readonly url: string;
	readonly mdnsPort: number;
	readonly shell: ConsoleShell;
	readonly consoleFile: string;
	/** As a cut cable does. */
	cut(): Promise<void>;
	isRunning(): boolean;
}

export interface EmulatorOptions {
	readonly image: string;
	/** For the disk and what is taken out of the image; kept between two starts. */
	readonly folder: string;
	/** First configuration, as Imager or the owner puts it on the boot partition. */
	readonly preset: object;
}

/** Puts a copy of the image onto a card that is larger than it. */
export async function makeCard({ image, folder, preset }: EmulatorOptions): Promise<void> {
	await obtainPrograms(PROGRAMS);
	mkdirSync(folder, { recursive: true });
	const card = join(folder, 'card.img');
	execFileSync(programPath('cp'), ['--sparse=always', image, card]);
	const [boot, root] = partitionsOf(card);
	if (boot === undefined || root === undefined) throw new Error(`${image} has no boot and root partition`);
	const file = join(folder, 'innerloop.json');
	writeFileSync(file, JSON.stringify(preset));
	execFileSync(programPath('mcopy'), ['-o', '-i', `${card}@@${boot.start}`, file, '::innerloop.json'], { env: { MTOOLS_SKIP_CHECK: '1' } });
	const listed = debugfs(card, root, 'ls -p /boot');
	for (const [kind, target] of [
		['vmlinuz', 'kernel'],
		['initrd.img', 'initrd'],
	] as const) {
		const name = new RegExp(`/(${kind.replace('.', '\\.')}-[^/]+)/`).exec(listed)?.[1];
		if (name === undefined) throw new Error(`the image has no ${kind}`);
		debugfs(card, root, `dump /boot/${name} ${join(folder, target)}`);
	}
	execFileSync(programPath('qemu-img'), ['resize', '-q', '-f', 'raw', card, CARD]);
}

/** Of the partition table; PARTUUIDs begin with it. */
function diskIdOf(card: string): string {
	const text = execFileSync(programPath('sfdisk'), ['--disk-id', card], { encoding: 'utf8' });
	return text.trim().replace(/^0x/, '');
}

export function partitionsOf(card: string): readonly Partition[] {
	const text = execFileSync(programPath('sfdisk'), ['--json', card], { encoding: 'utf8' });
	const { partitiontable } = JSON.parse(text) as { readonly partitiontable: { readonly partitions: readonly Partition[] } };
	return partitiontable.partitions.map(({ start, size }) => ({ start: start * SECTOR, size: size * SECTOR }));
}

function debugfs(card: string, { start }: Partition, request: string): string {
	return execFileSync(programPath('debugfs'), ['-R', request, `${card}?offset=${start}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Switches the machine on. */
export async function startEmulator(folder: string): Promise<Emulator> {
	const card = join(folder, 'card.img');
	const diskId = diskIdOf(card);
	const [http, mdns] = await Promise.all([freePort(), freePort()]);
	const socket = join(folder, 'shell');
	const consoleFile = join(folder, 'console.txt');
	const words = ['console=ttyAMA0', `root=PARTUUID=${diskId}-02`, 'rw', 'systemd.debug_shell=hvc0', 'cgroup_enable=memory', 'psi=1'];
	const forwards = [`hostfwd=tcp:127.0.0.1:${http}-:${SERVICE_PORT}`, `hostfwd=udp:127.0.0.1:${mdns}-:${MDNS_PORT}`];
	const args = [
		...['-M', 'virt', '-cpu', 'cortex-a76', '-accel', 'tcg,thread=multi', '-smp', '2', '-m', '3072', '-nographic', '-nodefaults'],
		...['-kernel', join(folder, 'kernel'), '-initrd', join(folder, 'initrd'), '-append', words.join(' ')],
		...['-drive', `if=none,id=card,format=raw,file=${card},cache=writeback`, '-device', 'virtio-blk-pci,drive=card'],
		...['-netdev', `user,id=lan,${forwards.join(',')}`, '-device', 'virtio-net-pci,netdev=lan,romfile='],
		...['-device', 'virtio-rng-pci', '-serial', 'stdio', '-device', 'virtio-serial-pci'],
		...['-chardev', `socket,id=shell,path=${socket},server=on,wait=off`, '-device', 'virtconsole,chardev=shell'],
	];
	const machine = spawn(programPath('qemu-system-aarch64'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
	const sink = createWriteStream(consoleFile, { flags: 'a' });
	machine.stdout.pipe(sink, { end: false });
	machine.stderr.pipe(sink, { end: false });
	const shell = await ConsoleShell.open(socket).catch((cause: unknown) => {
		machine.kill('SIGKILL');
		throw new Error(`the emulator did not start: ${readFileSync(consoleFile, 'utf8').slice(-1_000)}`, { cause });
	});
	return {
		url: `http://127.0.0.1:${http}`,
		mdnsPort: mdns,
		shell,
		consoleFile,
		isRunning: () => machine.exitCode === null && machine.signalCode === null,
		async cut() {
			shell.close();
			await ended(machine);
		},
	};
}

async function ended(machine: ChildProcess): Promise<void> {
	if (machine.exitCode !== null || machine.signalCode !== null) return;
	const gone = new Promise((resolve) => machine.once('exit', resolve));
	machine.kill('SIGKILL');
	await gone;
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === 'string') throw new Error('no port');
	return address.port;
}
