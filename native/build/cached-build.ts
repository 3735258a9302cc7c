/** A small CMake build outside the clone, once for the same sources: its folder in the cache is named by their hash. */

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './build-lock.ts';
import { firstLine } from './compiler.ts';
import { runNiced } from './run-niced.ts';

export interface CachedBuild {
	/** Begins the folder's name. */
	readonly name: string;
	/** Globs of files, relative to `root`, whose bytes decide whether it is built again. */
	readonly sources: readonly string[];
	readonly root: string;
	/** What else decides: versions, flags. */
	readonly facts: readonly string[];
	/** Builds are kept here. */
	readonly folder: string;
	readonly signal: AbortSignal;
	/** Arguments of `node` or of a program, run one after another; `out` is an empty folder for the results. */
	readonly commands: (out: string) => readonly (readonly [program: string, ...args: string[]])[];
}

/** @returns the folder with the finished build */
export async function obtainCachedBuild(build: CachedBuild): Promise<string> {
	const result = join(build.folder, `${build.name}-${keyOf(build)}`);
	if (existsSync(result)) return result;
	mkdirSync(build.folder, { recursive: true });
	const release = await takeLock(`${result}.lock`, build.signal);
	try {
		if (!existsSync(result)) await run(build, result);
	} finally {
		release();
	}
	return result;
}

function keyOf({ sources, root, facts }: CachedBuild): string {
	const files = sources.flatMap((glob) => globSync(glob, { cwd: root })).sort();
	if (files.length === 0) throw new Error(`No source of ${sources.join(', ')} is there.`);
	const hash = createHash('sha256').update(JSON.stringify([process.arch, firstLine('c++'), firstLine('cmake'), facts]));
	for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
	return hash.digest('hex').slice(0, 24);
}

/** A build that fails or is killed leaves nothing under the result's name. */
async function run({ root, signal, commands }: CachedBuild, result: string): Promise<void> {
	const draft = mkdtempSync(`${result}.tmp-`);
	try {
		for (const [program, ...args] of commands(draft)) {
			const { PATH, HOME, LANG, TMPDIR } = process.env;
			await runNiced({ program, args, cwd: root, env: { PATH, HOME, LANG, TMPDIR }, onLine: () => undefined, signal });
		}
		renameSync(draft, result);
	} catch (error) {
		rmSync(draft, { recursive: true, force: true });
		throw error;
	}
}
