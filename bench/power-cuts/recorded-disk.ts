/** A file system like that of the data partition on a disk whose every write is recorded: QEMU's storage daemon under a loop device. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { obtainPrograms, programPath } from '../../test/support/debian-programs.ts';

const PROGRAMS = {
	'qemu-storage-daemon': 'qemu-system-common',
	mke2fs: 'e2fsprogs',
	e2fsck: 'e2fsprogs',
	losetup: 'mount',
	mount: 'mount',
	umount: 'mount',
};
/** As in the image's table of file systems. */
const MOUNT_OPTIONS = 'noatime,nodev,nosuid,commit=5';
const SIZE = '256M';

/** Why no disk can be recorded on this machine; undefined where it can. */
export function whyNotRecorded(): string | undefined {
	if (process.getuid?.() !== 0) return 'it takes root to mount a file system';
	for (const device of ['/dev/fuse', '/dev/loop-control']) {
		try {
			accessSync(device, constants.R_OK | constants.W_OK);
		} catch {
			return `${device} is not there, or may not be used`;
		}
	}
	return undefined;
}

export interface RecordedDisk {
	/** Where the file system is mounted. */
	readonly folder: string;
	/** The disk before its first write. */
	readonly base: string;
	readonly log: string;
	/** Length of the log now: a moment in the order of writes. */
	loggedBytes(): number;
	close(): Promise<void>;
}

/** @throws where the machine does not allow it */
export async function openRecordedDisk(folder: string): Promise<RecordedDisk> {
	const reason = whyNotRecorded();
	if (reason !== undefined) throw new Error(`No disk can be recorded here: ${reason}.`);
	await obtainPrograms(PROGRAMS);
	const base = join(folder, 'base.img');
	const disk = join(folder, 'disk.img');
	const log = join(folder, 'writes.log');
	const exported = join(folder, 'exported');
	const mounted = join(folder, 'mounted');
	run('truncate', '-s', SIZE, base);
	run('mke2fs', '-q', '-t', 'ext4', '-L', 'innerloop-data', base);
	copyFileSync(base, disk, constants.COPYFILE_FICLONE);
	for (const file of [log, exported]) writeFileSync(file, '');
	const daemon = await startDaemon({ disk, log, exported });
	let device: string | undefined;
	try {
		device = run('losetup', '--find', '--show', exported).trim();
		mkdirSync(mounted);
		run('mount', '-o', MOUNT_OPTIONS, device, mounted);
	} catch (error) {
		if (device !== undefined) run('losetup', '--detach', device);
		daemon.kill('SIGTERM');
		throw error;
	}
	const loop = device;
	return {
		folder: mounted,
		base,
		log,
		loggedBytes: () => statSync(log).size,
		async close() {
			run('umount', mounted);
			run('losetup', '--detach', loop);
			const gone = new Promise((resolve) => daemon.once('exit', resolve));
			daemon.kill('SIGTERM');
			await gone;
		},
	};
}

interface DaemonFiles {
	readonly disk: string;
	readonly log: string;
	readonly exported: string;
}

async function startDaemon({ disk, log, exported }: DaemonFiles): Promise<ChildProcess> {
	const nodes = [
		`driver=file,node-name=disk,filename=${disk}`,
		`driver=file,node-name=log,filename=${log}`,
		'driver=blklogwrites,node-name=logged,file=disk,log=log,log-sector-size=512',
	];
	const args = [
		...nodes.flatMap((node) => ['--blockdev', node]),
		'--export',
		`type=fuse,id=export,node-name=logged,mountpoint=${exported},writable=on`,
	];
	let words = '';
	const daemon = spawn(programPath('qemu-storage-daemon'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
	daemon.stderr.on('data', (chunk: Buffer) => {
		words += chunk.toString();
	});
	for (let tries = 0; tries < 200; tries += 1) {
		if (daemon.exitCode !== null) break;
		// The empty file becomes the disk when the export stands.
		if (existsSync(exported) && statSync(exported).size > 0) return daemon;
		await delay(50);
	}
	daemon.kill('SIGKILL');
	throw new Error(`qemu-storage-daemon exported no disk: ${words.trim()}`);
}

/** Runs a program of the system to its end. @throws with its words */
export function run(program: string, ...args: readonly string[]): string {
	return execFileSync(programPath(program), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
