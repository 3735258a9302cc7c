/** Opens the prefixes on disk that fit the loaded model, in the background: calls are answered meanwhile. */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSettings } from '../messages.ts';
import { BlockStore } from '../prefix/block-store.ts';
import { openSeal } from '../prefix/seal.ts';
import type { ChildEngine } from './child-engine.ts';

/** Raise it when blocks are laid out or computed otherwise. */
const REVISION = 1;
/** Blocks of another model, format or build are kept so long, in case it comes back. */
const STALE_MS = 7 * 86_400_000;
const HASHES = 'models.json';

export async function openPrefixStore(engine: ChildEngine, settings: EngineSettings, onLog: (message: string) => void): Promise<void> {
	const { prefix } = settings;
	if (prefix?.folder === undefined || engine.prefix.shape === undefined) return;
	try {
		await mkdir(prefix.folder, { recursive: true, mode: 0o700 });
		const key = storeKey(engine, settings, await hashOf(settings.modelPath, join(prefix.folder, HASHES)));
		const seal = openSeal(prefix.keyFile, onLog);
		const folder = join(prefix.folder, key);
		await removeStale(prefix.folder, key);
		const { diskBytes, diskBytesADay, restMs } = prefix;
		const store = new BlockStore({ folder, seal, mostBytes: diskBytes, mostBytesADay: diskBytesADay, nowMs: Date.now });
		await store.open();
		engine.prefix.useStore(store, restMs);
		const { blocks, bytes, dropped } = store.facts();
		onLog(`Prefixes on disk: ${blocks} blocks, ${bytes} bytes${dropped > 0 ? `; ${dropped} were not whole and are dropped` : ''}.`);
	} catch (error) {
		onLog(`Prefixes are not kept on disk: ${error instanceof Error ? error.message : String(error)}`);
	}
}

/** All that changes the bytes of a block, or what they mean. The own build balances keys, so its blocks are not the prebuilt engine's. */
function storeKey({ prefix, cacheVersion }: ChildEngine, { build, prefix: settings }: EngineSettings, model: string): string {
	const parts = [
		REVISION,
		model,
		cacheVersion,
		prefix.shape,
		settings?.calibration,
		build.kind === 'own' ? buildMark(build.folder) : 'prebuilt',
	];
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

/** Sizes of what was built: a build under the same name may be another one after an update. */
function buildMark(folder: string): readonly string[] {
	const builds = join(folder, 'llama', 'localBuilds');
	return readdirSync(builds, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ name, parentPath }) => `${name}:${statSync(join(parentPath, name)).size}`)
		.sort();
}

/** Reading 2.6 GB takes a while: the result is kept beside size and date of the file. */
async function hashOf(file: string, cache: string): Promise<string> {
	const { size, mtimeMs } = await stat(file);
	const label = `${file}:${size}:${mtimeMs}`;
	const known = await readHashes(cache);
	const found = known[label];
	if (found !== undefined) return found;
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
	const digest = hash.digest('hex');
	await writeFile(cache, JSON.stringify({ ...known, [label]: digest }), { mode: 0o600 });
	return digest;
}

async function readHashes(cache: string): Promise<Readonly<Record<string, string>>> {
	try {
		return JSON.parse(await readFile(cache, 'utf8')) as Readonly<Record<string, string>>;
	} catch {
		return {};
	}
}

async function removeStale(root: string, current: string): Promise<void> {
	for (const { name, parentPath } of await readdir(root, { withFileTypes: true })) {
		if (name === current || !/^[0-9a-f]{24}$/.test(name)) continue;
		const journal = await stat(join(parentPath, name, 'journal')).catch(() => undefined);
		if (Date.now() - (journal?.mtimeMs ?? 0) > STALE_MS) await rm(join(parentPath, name), { recursive: true, force: true });
	}
}
