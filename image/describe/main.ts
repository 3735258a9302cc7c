/** Describes a finished image: bill of materials, Imager's manifest, hashes. Called by image/pi-gen/build. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256Of } from '../release/archive.ts';
import type { ReleaseFacts } from '../release/release-tree.ts';
import { type ImageFile, makeManifest } from './imager-manifest.ts';
import { makeSbom, parsePackages } from './sbom.ts';

const [image, compressed, root] = process.argv.slice(2);
if (image === undefined || compressed === undefined || root === undefined) {
	console.error('Usage: image/describe/main.ts IMAGE COMPRESSED_IMAGE ROOT');
	process.exitCode = 2;
} else await describe(image, compressed, root);

async function describe(image: string, compressed: string, root: string): Promise<void> {
	const base = image.replace(/\.img$/, '');
	const release = join(root, 'opt/innerloop/slots/a');
	const facts = JSON.parse(readFileSync(join(release, 'release.json'), 'utf8')) as ReleaseFacts;
	const lock = JSON.parse(readFileSync(join(release, 'app/package-lock.json'), 'utf8')) as {
		packages: Parameters<typeof makeSbom>[0]['npm'];
	};
	const debian = parsePackages(readFileSync(`${base}.packages.tsv`, 'utf8'));
	write(`${base}.sbom.cdx.json`, makeSbom({ ...facts, debian, npm: lock.packages }));
	const files = { image: await fileOf(image), compressed: await fileOf(compressed) };
	write(`${base}.rpi-imager-manifest`, makeManifest({ ...facts, ...files, bmap: `${basename(base)}.bmap` }));
	writeFileSync(
		`${base}.sha256`,
		Object.values(files)
			.map(({ name, sha256 }) => `${sha256}  ${name}\n`)
			.join(''),
	);
}

async function fileOf(path: string): Promise<ImageFile> {
	return { name: basename(path), bytes: statSync(path).size, sha256: await sha256Of(path) };
}

function write(file: string, value: object): void {
	writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
