/** Packs a laid-out release so that the same tree gives the same bytes, and lists the hash of each of its files. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Writes `files.sha256` in the form that sha256sum checks; symbolic links are not listed. */
export async function writeHashes(folder: string): Promise<void> {
	const files = readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
		.filter((file) => file !== 'files.sha256')
		.sort();
	const lines: string[] = [];
	for (const file of files) lines.push(`${await sha256Of(join(folder, file))}  ./${file}`);
	writeFileSync(join(folder, 'files.sha256'), `${lines.join('\n')}\n`);
}

/** A tar with zstd, its entries sorted, owned by root, of one time. */
export function packRelease(folder: string, archive: string, epoch: number): void {
	const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', `--mtime=@${epoch}`];
	// Long settings of tar's own time stamps would differ between two builds.
	const form = ['--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'];
	execFileSync('tar', [
		'--create',
		...order,
		...form,
		'--use-compress-program',
		'zstd -T0 -12',
		'--file',
		archive,
		'--directory',
		folder,
		'.',
	]);
}

export async function sha256Of(file: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(createReadStream(file), hash);
	return hash.digest('hex');
}
