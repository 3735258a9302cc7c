/** Builds llama.cpp with our patches through node-llama-cpp, outside the clone, once for the same inputs. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildInputs } from './build-inputs.ts';
import { takeLock } from './build-lock.ts';
import { TOOLCHAIN_FILE } from './cross-compiler.ts';
import type { CmakeOptions } from './instruction-sets.ts';
import { copySources } from './own-sources.ts';
import { runNiced } from './run-niced.ts';

export interface OwnBuildOptions {
	readonly inputs: BuildInputs;
	/** Results are kept here, one folder a key. */
	readonly folder: string;
	/** From 0 to 1 while it compiles. */
	readonly onProgress: (share: number, line: string) => void;
	readonly signal: AbortSignal;
}

/** What node-llama-cpp's build leaves that is not needed to load it: sources and objects, 300 MB. */
const KEPT_OF_BUILD = new Set(['Release', 'buildDone.status']);

/**
 * Takes four minutes of two idle cores, or nothing when the cache has it. A killed build leaves no result behind.
 * @returns the folder of a node-llama-cpp whose `getLlama('lastBuild')` loads the build
 */
export async function obtainOwnBuild(options: OwnBuildOptions): Promise<string> {
	const { inputs, folder, signal } = options;
	const result = join(folder, inputs.key);
	mkdirSync(folder, { recursive: true });
	if (!existsSync(result)) {
		const release = await takeLock(`${result}.lock`, signal);
		try {
			if (!existsSync(result)) await build(options, result);
		} finally {
			release();
		}
	}
	linkDependencies(result, inputs.packageFolder);
	return join(result, 'node-llama-cpp');
}

async function build(options: OwnBuildOptions, result: string): Promise<void> {
	const { inputs, folder } = options;
	for (const name of readdirSync(folder)) {
		// Left by a builder that was killed: we hold the lock of this key.
		if (name.startsWith(`${inputs.key}.tmp-`)) rmSync(join(folder, name), { recursive: true, force: true });
	}
	const draft = mkdtempSync(`${result}.tmp-`);
	try {
		const copy = join(draft, 'node-llama-cpp');
		cpSync(inputs.packageFolder, copy, { recursive: true });
		linkDependencies(draft, inputs.packageFolder);
		await compile(options, copy);
		prune(copy);
		renameSync(draft, result);
	} catch (error) {
		rmSync(draft, { recursive: true, force: true });
		throw error;
	}
}

async function compile({ inputs, onProgress, signal }: OwnBuildOptions, copy: string): Promise<void> {
	const env = { ...toolEnvironment(), ...cmakeEnvironment(optionsOf(inputs)) };
	const onLine = (line: string): void => {
		const [, done, all] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
		if (done !== undefined && all !== undefined) onProgress(Number(done) / Number(all), line);
	};
	const run = (program: string, args: readonly string[], cwd: string): Promise<void> =>
		runNiced({ program, args, cwd, env, onLine, signal });
	const cli = join(copy, 'dist', 'cli', 'cli.js');
	await run(process.execPath, [cli, 'source', 'download', '--skipBuild', '--gpu', 'false'], copy);
	const source = join(copy, 'llama', 'llama.cpp');
	copySources(source, inputs.sources);
	for (const patch of inputs.patches) {
		await run('git', ['-C', source, 'apply', '--whitespace=nowarn', patch], source).catch((cause: unknown) => {
			throw new Error(`${basename(patch)} does not apply to the llama.cpp of node-llama-cpp ${inputs.packageVersion}`, { cause });
		});
	}
	await run(process.execPath, [cli, 'source', 'build', '--gpu', 'false', '--noUsageExample', '--arch', inputs.target], copy);
}

function optionsOf({ options, target }: BuildInputs): CmakeOptions {
	return target === process.arch ? options : { ...options, CMAKE_TOOLCHAIN_FILE: TOOLCHAIN_FILE };
}

function toolEnvironment(): Readonly<Record<string, string | undefined>> {
	const { PATH, HOME, LANG, TMPDIR } = process.env;
	return { PATH, HOME, LANG, TMPDIR };
}

function cmakeEnvironment(options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
	return Object.fromEntries(Object.entries(options).map(([name, value]) => [`NODE_LLAMA_CPP_CMAKE_OPTION_${name}`, value]));
}

function prune(copy: string): void {
	const llama = join(copy, 'llama');
	keepHeaders(llama);
	for (const name of ['llama.cpp', 'gitRelease.bundle', 'xpack']) rmSync(join(llama, name), { recursive: true, force: true });
	rmSync(join(copy, 'bins'), { recursive: true, force: true });
	const builds = join(llama, 'localBuilds');
	for (const build of readdirSync(builds)) {
		for (const name of readdirSync(join(builds, build))) {
			if (!KEPT_OF_BUILD.has(name)) rmSync(join(builds, build, name), { recursive: true, force: true });
		}
	}
}

/** Tools of ours are compiled against the finished libraries: one set of objects serves them and the engine. */
function keepHeaders(llama: string): void {
	for (const folder of ['include', join('ggml', 'include')]) {
		cpSync(join(llama, 'llama.cpp', folder), join(llama, 'include'), { recursive: true });
	}
}

/** The copy finds its own dependencies in the clone that uses it; each clone sets the link for itself. */
function linkDependencies(folder: string, packageFolder: string): void {
	const link = join(folder, 'node_modules');
	const draft = `${link}.${process.pid}`;
	rmSync(draft, { force: true });
	symlinkSync(dirname(packageFolder), draft);
	renameSync(draft, link);
}
