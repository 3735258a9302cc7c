/** Two places for releases under one root; the link `current` says which one runs. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readlink, rename, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { linkDurably, syncFolder } from './durable.ts';
import type { ReleaseManifest } from './release-manifest.ts';
import { UpdateFailure } from './update-failure.ts';

const run = promisify(execFile);

export type Slot = 'a' | 'b';

/** What an unpacked release needs, as a multiple of its archive: Node and packages compress to about a quarter. */
const UNPACKED_RATIO = 6;

const facts = z.object({ version: z.string(), arch: z.string(), commit: z.string() });

export const otherSlot = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');
const slotFolder = (root: string, slot: Slot): string => join(root, 'slots', slot);

/** @throws UpdateFailure where nothing was installed by an image or a release */
export async function currentSlot(root: string): Promise<Slot> {
	const target = await readlink(join(root, 'current')).catch(() => '');
	const slot = basename(target);
	if (slot === 'a' || slot === 'b') return slot;
	throw new UpdateFailure(
		`${root} holds no installed release: updates are for boxes made from the image. A clone is updated with git pull.`,
	);
}

export async function switchTo(root: string, slot: Slot): Promise<void> {
	await linkDurably(join('slots', slot), join(root, 'current'));
}

export async function releaseIn(root: string, slot: Slot): Promise<z.infer<typeof facts> | undefined> {
	try {
		return facts.parse(JSON.parse(await readFile(join(slotFolder(root, slot), 'release.json'), 'utf8')));
	} catch {
		return undefined;
	}
}

/** Puts the archive's release into a slot that does not run; what was there is gone before, what is half there after a cut is never used. */
export async function unpackInto(root: string, slot: Slot, archive: string, manifest: ReleaseManifest): Promise<void> {
	const folder = slotFolder(root, slot);
	const draft = `${folder}.new`;
	for (const path of [folder, draft]) await rm(path, { recursive: true, force: true });
	await ensureSpace(root, manifest.archive.bytes * UNPACKED_RATIO);
	await mkdir(draft, { recursive: true });
	const safe = ['--no-same-owner', '--no-same-permissions', '--no-overwrite-dir', '--delay-directory-restore'];
	await run('tar', ['--extract', '--zstd', '--file', archive, '--directory', draft, ...safe]);
	await checkFiles(draft);
	const { version, arch } = facts.parse(JSON.parse(await readFile(join(draft, 'release.json'), 'utf8')));
	if (version !== manifest.version || arch !== manifest.arch)
		throw new UpdateFailure(`The archive holds ${version} for ${arch}; ${manifest.version} for ${manifest.arch} was promised.`);
	await run('sync', ['--file-system', draft]);
	await rename(draft, folder);
	await syncFolder(join(root, 'slots'));
}

/** Runs nothing of a release but its own statement of its version: its Node starts, and its program loads. */
export async function probe(root: string, slot: Slot, manifest: ReleaseManifest): Promise<void> {
	const { stdout } = await run(join(slotFolder(root, slot), 'bin', 'innerloop'), ['--version'], { timeout: 60_000 }).catch(
		(cause: unknown) => {
			throw new UpdateFailure(`The new release does not start on this machine: ${cause instanceof Error ? cause.message : String(cause)}`, {
				cause,
			});
		},
	);
	if (stdout.trim() !== manifest.version)
		throw new UpdateFailure(`The new release calls itself ${stdout.trim()}, not ${manifest.version}.`);
}

async function ensureSpace(root: string, needBytes: number): Promise<void> {
	const { bavail, bsize } = await statfs(root);
	const freeBytes = bavail * bsize;
	if (freeBytes < needBytes)
		throw new UpdateFailure(
			`${root} has ${Math.floor(freeBytes / 1e6)} MB free; the release needs ${Math.ceil(needBytes / 1e6)} MB while it is unpacked.`,
		);
}

/** Each file as the release lists it: a card that forgets bits is found out before it is trusted. */
async function checkFiles(folder: string): Promise<void> {
	const list = await readFile(join(folder, 'files.sha256'), 'utf8');
	for (const line of list.split('\n').filter((text) => text !== '')) {
		const [, expected, name] = /^([0-9a-f]{64}) {2}\.\/(.+)$/.exec(line) ?? [];
		if (expected === undefined || name === undefined) throw new UpdateFailure('The list of hashes in the release cannot be read.');
		const hash = createHash('sha256');
		await pipeline(createReadStream(join(folder, name)), hash);
		if (hash.digest('hex') !== expected)
			throw new UpdateFailure(`${name} was not unpacked as it was packed. Try again; if it repeats, the card is failing.`);
	}
}
