/** Installs a package set that tests or benchmarks need into the cache, once, whoever asks and however often. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheDir } from '../../appliance/config/places.ts';
import { withLock } from '../../scripts/launch/lock.mjs';
import { startProgress } from '../../scripts/launch/progress.mjs';

const NPM_FILES = ['package.json', 'package-lock.json', '.npmrc'];
/** Lines of npm's own words that go into the error. */
const QUOTED_LINES = 12;

export interface CachedInstall {
	/** Folder with the files that pin the set. */
	readonly source: string;
	/** Default: `package.json`, `package-lock.json` and `.npmrc`. */
	readonly files?: readonly string[];
	/** Folder name under the cache directory. */
	readonly kind: string;
	/** For the progress line. */
	readonly title: string;
	/** Fetches the set into the fresh folder; default: `npm ci`. */
	readonly install?: (folder: string) => Promise<void>;
	/** Runs in the fresh folder before it counts as complete. */
	readonly finish?: (folder: string) => Promise<void>;
}

const npmCi = (folder: string) => runNpm(['ci', '--prefer-offline', '--loglevel=error'], folder);

/**
 * @returns the folder in which the set is complete
 * @throws with the installer's last lines when the packages cannot be installed
 */
export async function cachedInstall(asked: CachedInstall): Promise<string> {
	const { source, kind, title, files = NPM_FILES, install = npmCi, finish } = asked;
	const folder = join(cacheDir(process.env, homedir()), kind, fingerprint(source, files));
	const stamp = join(folder, 'complete');
	if (existsSync(stamp)) return folder;
	await withLock(
		`${folder}.lock`,
		({ pid }) => console.error(`Process ${pid} is at it: ${title}. Waiting for it.`),
		async () => {
			if (existsSync(stamp)) return;
			rmSync(folder, { recursive: true, force: true });
			mkdirSync(folder, { recursive: true });
			for (const file of files) copyFileSync(join(source, file), join(folder, file));
			const progress = startProgress(title, () => 'downloading');
			try {
				await install(folder);
				await finish?.(folder);
				writeFileSync(stamp, '');
				progress.stop('done');
			} catch (error) {
				progress.stop('failed');
				throw error;
			}
		},
	);
	return folder;
}

function fingerprint(source: string, files: readonly string[]): string {
	const hash = createHash('sha256');
	for (const file of files) hash.update(readFileSync(join(source, file)));
	return hash.update(`${process.platform}-${process.arch}`).digest('hex').slice(0, 16);
}

/** Runs npm; its words are kept for the error. */
export async function runNpm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
	await runQuietly('npm', args, cwd, { PATH: pathOutsideProject(), ...env });
}

/** Runs a program without output; rejects with its last lines when it fails. */
export async function runQuietly(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
	let words = '';
	const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
	const keep = (chunk: Buffer) => {
		words = (words + chunk.toString('utf8')).slice(-20_000);
	};
	child.stdout.on('data', keep);
	child.stderr.on('data', keep);
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	if (code === 0) return;
	const quoted = words.trim().split('\n').slice(-QUOTED_LINES).join('\n');
	throw new Error(`${program} ${args.join(' ')} failed with exit code ${code} in ${cwd}:\n${quoted}`);
}

/** PATH without this project's own tool folders, so that npm runs under the Node that it came with. */
function pathOutsideProject(): string {
	return (process.env.PATH ?? '')
		.split(delimiter)
		.filter((folder) => !folder.includes('node_modules'))
		.join(delimiter);
}
