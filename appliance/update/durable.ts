/** Files and links that are there whole after a power cut, or as they were before. */

import { type FileHandle, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeDurably(path: string, content: string): Promise<void> {
	const draft = `${path}.new`;
	await writeFile(draft, content, { flush: true });
	await rename(draft, path);
	await syncFolder(dirname(path));
}

export async function removeDurably(path: string): Promise<void> {
	await rm(path, { force: true });
	await syncFolder(dirname(path));
}

/** Replaces the link in one step: no moment is without it. */
export async function linkDurably(target: string, path: string): Promise<void> {
	const draft = `${path}.new`;
	await rm(draft, { force: true });
	await symlink(target, draft);
	await rename(draft, path);
	await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
	await withHandle(path, (folder) => folder.sync());
}

async function withHandle(path: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
	const handle = await open(path, 'r');
	try {
		await work(handle);
	} finally {
		await handle.close();
	}
}
