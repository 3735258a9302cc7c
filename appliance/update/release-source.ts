/** Where releases come from: a web folder, or a folder on a stick that was carried to the box. */

import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { download } from '../model/download.ts';
import type { OnProgress } from '../model/progress.ts';
import { verifyFile } from '../model/verify-file.ts';
import { parseManifest, type ReleaseManifest, type TrustedKey } from './release-manifest.ts';
import { verifyManifest } from './signature.ts';
import { UpdateFailure } from './update-failure.ts';

/** A description is under a kilobyte: more is not one. */
const LARGEST_DESCRIPTION_BYTES = 65_536;
const TIMEOUT_MS = 30_000;

export interface ReleaseSource {
	/** `https://…/` or the path of a folder. */
	readonly place: string;
	readonly arch: string;
	readonly keys: readonly TrustedKey[];
}

/** The newest release that the source has for this machine, its signature checked. @throws UpdateFailure */
export async function latestRelease({ place, arch, keys }: ReleaseSource): Promise<ReleaseManifest> {
	const name = `innerloop-latest-${arch}.json`;
	const [bytes, signature] = await Promise.all([readSmall(place, name), readSmall(place, `${name}.sig`)]);
	verifyManifest(bytes, new TextDecoder().decode(signature), keys);
	const manifest = parseManifest(bytes);
	if (manifest.arch !== arch) throw new UpdateFailure(`The release is for ${manifest.arch}; this machine is ${arch}.`);
	return manifest;
}

/** Brings the archive into `folder`, resumed where it was cut, and checks its hash. @returns its path */
export async function fetchArchive(place: string, { archive }: ReleaseManifest, folder: string, onProgress: OnProgress): Promise<string> {
	await mkdir(folder, { recursive: true });
	const file = join(folder, archive.name);
	const expected = { sizeBytes: archive.bytes, sha256: archive.sha256, kind: 'archive' } as const;
	if (isWeb(place)) {
		await download({ url: addressOf(place, archive.name), file, ...expected, onProgress });
		return file;
	}
	await copyFile(join(place, archive.name), file).catch((cause: unknown) => {
		throw new UpdateFailure(`${archive.name} is not in ${place}, or cannot be read.`, { cause });
	});
	try {
		await verifyFile(file, expected, onProgress);
	} catch (error) {
		await rm(file, { force: true });
		throw error;
	}
	return file;
}

async function readSmall(place: string, name: string): Promise<Uint8Array> {
	const bytes = isWeb(place) ? await fetchSmall(addressOf(place, name)) : await readFrom(place, name);
	if (bytes.length > LARGEST_DESCRIPTION_BYTES) throw new UpdateFailure(`${name} has ${bytes.length} bytes: it describes no release.`);
	return bytes;
}

async function readFrom(place: string, name: string): Promise<Uint8Array> {
	return await readFile(join(place, name)).catch((cause: unknown) => {
		throw new UpdateFailure(`${place} holds no ${name}. Copy a release with its description and signature there.`, { cause });
	});
}

async function fetchSmall(url: string): Promise<Uint8Array> {
	try {
		const reply = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
		if (!reply.ok) throw new UpdateFailure(`${url} answered ${reply.status}.`);
		return new Uint8Array(await reply.arrayBuffer());
	} catch (cause) {
		if (cause instanceof UpdateFailure) throw cause;
		throw new UpdateFailure(`${url} cannot be reached. Without the internet: put the release on a stick and name its folder with --from.`, {
			cause,
		});
	}
}

const isWeb = (place: string): boolean => /^https?:\/\//.test(place);

function addressOf(place: string, name: string): string {
	return new URL(name, place.endsWith('/') ? place : `${place}/`).href;
}
