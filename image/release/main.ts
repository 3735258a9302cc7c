/** `npm run build:release`: the program for one architecture as one archive, which images and updates install. */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheDir } from '../../appliance/config/places.ts';
import { makeKeyPair } from '../../appliance/update/signature.ts';
import { packRelease, sha256Of, writeHashes } from './archive.ts';
import { writeDescription } from './describe-release.ts';
import { type Architecture, layOutRelease } from './release-tree.ts';

const USAGE = `Usage: npm run build:release -- [options]

  --arch ARCH    arm64 (a Raspberry Pi) or x64; default arm64
  --out DIR      where the archive goes; default dist/
  --engine DIR   an own build of the engine for that architecture, to go with it
  --addon FILE   the codec's addon for that architecture, to go with it
  --sign FILE    private key (PEM); writes the signed description that boxes are updated by
  --key-id ID    the name under which boxes trust that key; default release
  --new-key DIR  only make a key: DIR/ID.pem, to be kept secret, and DIR/ID.json, the list for image/pi-gen/build --update-keys

Releases the commit that is checked out: changes that are not committed are not in it.
`;

const options = {
	arch: { type: 'string', default: 'arm64' },
	out: { type: 'string', default: 'dist' },
	engine: { type: 'string' },
	addon: { type: 'string' },
	sign: { type: 'string' },
	'key-id': { type: 'string', default: 'release' },
	'new-key': { type: 'string' },
	help: { type: 'boolean', default: false },
} as const;

const { values } = parseArgs({ options });
if (values.help) console.log(USAGE);
else if (values['new-key'] !== undefined) newKey(resolve(values['new-key']), values['key-id']);
else if (values.arch !== 'arm64' && values.arch !== 'x64') {
	console.error(`--arch takes arm64 or x64, not ${JSON.stringify(values.arch)}.`);
	process.exitCode = 2;
} else await build(values.arch, resolve(values.out));

async function build(arch: Architecture, out: string): Promise<void> {
	const cache = join(cacheDir(process.env, homedir()), 'image');
	for (const folder of [out, cache]) mkdirSync(folder, { recursive: true });
	const folder = join(out, `.release-${arch}`);
	console.log(`Laying out the release for ${arch} …`);
	const facts = layOutRelease({
		root: fileURLToPath(new URL('../..', import.meta.url)),
		arch,
		cache,
		folder,
		...(values.engine !== undefined && { engine: values.engine }),
		...(values.addon !== undefined && { addon: values.addon }),
	});
	await writeHashes(folder);
	const archive = join(out, `innerloop-${facts.version}-${arch}.tar.zst`);
	console.log('Packing …');
	packRelease(folder, archive, facts.epoch);
	rmSync(folder, { recursive: true });
	const sha256 = await sha256Of(archive);
	const bytes = statSync(archive).size;
	if (values.sign !== undefined)
		writeDescription(
			out,
			facts,
			{ name: basename(archive), bytes, sha256 },
			{ id: values['key-id'], pem: readFileSync(values.sign, 'utf8') },
		);
	console.log(
		`${archive}\n${(bytes / 1e6).toFixed(1)} MB, sha256 ${sha256}${values.sign === undefined ? ', not signed: no box takes it as an update' : ''}`,
	);
}

function newKey(folder: string, id: string): void {
	const { key, privateKeyPem } = makeKeyPair(id);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, `${id}.pem`), privateKeyPem, { mode: 0o600, flag: 'wx' });
	writeFileSync(join(folder, `${id}.json`), `${JSON.stringify([key], null, 2)}\n`, { flag: 'wx' });
	console.log(`${join(folder, `${id}.pem`)} is the private key: keep it off every machine that is on a network.`);
}
