/** The unfinished file of a download, and the note beside it that says what it is a part of. */

import { type FileHandle, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelFailure } from './model-failure.ts';

/** Left free on the disk, for everybody else. */
const SPARE_BYTES = 256 * 1_048_576;

interface Note {
	readonly url: string;
	readonly validator: string | undefined;
}

export class PartFile {
	readonly path: string;
	private readonly notePath: string;
	private readonly finalPath: string;

	constructor(finalPath: string) {
		this.finalPath = finalPath;
		this.path = `${finalPath}.part`;
		this.notePath = `${finalPath}.part.json`;
	}

	/** Bytes that can be built upon, and their validator: none when they came from elsewhere. */
	async resumable(url: string): Promise<{ offset: number; validator: string | undefined }> {
		try {
			const note = JSON.parse(await readFile(this.notePath, 'utf8')) as Note;
			if (note.url === url) return { offset: (await stat(this.path)).size, validator: note.validator };
		} catch {
			// No note, or half a one: what lies there cannot be trusted.
		}
		await this.discard();
		return { offset: 0, validator: undefined };
	}

	/** Opens for writing at `startsAt`; what lies behind it is cut off. */
	async openAt(startsAt: number, note: Note): Promise<FileHandle> {
		await writeFile(this.notePath, JSON.stringify(note));
		const file = await open(this.path, startsAt === 0 ? 'w' : 'r+');
		await file.truncate(startsAt);
		return file;
	}

	/** @throws ModelFailure when the disk cannot take that many bytes more */
	async ensureSpace(moreBytes: number): Promise<void> {
		const { bavail, bsize } = await statfs(dirname(this.path));
		const freeBytes = bavail * bsize;
		if (freeBytes >= moreBytes + SPARE_BYTES) return;
		throw new ModelFailure(
			`${dirname(this.path)} has ${megabytes(freeBytes)} free; the file needs ${megabytes(moreBytes)} more, and ${megabytes(SPARE_BYTES)} are kept spare.`,
		);
	}

	/** The part becomes the file, in one step. */
	async commit(): Promise<void> {
		await rename(this.path, this.finalPath);
		await rm(this.notePath, { force: true });
	}

	async discard(): Promise<void> {
		await rm(this.path, { force: true });
		await rm(this.notePath, { force: true });
	}
}

function megabytes(bytes: number): string {
	return `${Math.ceil(bytes / 1e6)} MB`;
}
