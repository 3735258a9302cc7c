/** The signed words about an archive, by which boxes are updated. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../../appliance/store/migrations.ts';
import type { ReleaseManifest } from '../../appliance/update/release-manifest.ts';
import { signManifest } from '../../appliance/update/signature.ts';

export interface ReleasedArchive {
	readonly version: string;
	readonly arch: ReleaseManifest['arch'];
	readonly commit: string;
	/** Seconds since 1970. */
	readonly epoch: number;
}

export interface SigningKey {
	/** Under which boxes trust it. */
	readonly id: string;
	/** Private Ed25519 key. */
	readonly pem: string;
}

/** Writes `innerloop-latest-ARCH.json` and its signature, the two files that a box asks for. */
export function writeDescription(
	folder: string,
	{ version, arch, commit, epoch }: ReleasedArchive,
	archive: ReleaseManifest['archive'],
	key: SigningKey,
	more: Partial<Pick<ReleaseManifest, 'keys' | 'databaseVersion'>> = {},
): void {
	const manifest: ReleaseManifest = {
		format: 'innerloop-release/1',
		version,
		arch,
		commit,
		releasedAt: new Date(epoch * 1_000).toISOString(),
		databaseVersion: SCHEMA_VERSION,
		archive,
		...more,
	};
	const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
	const file = join(folder, `innerloop-latest-${arch}.json`);
	writeFileSync(file, bytes);
	writeFileSync(`${file}.sig`, signManifest(bytes, key.id, key.pem));
}
