/** Lays out a release: the program at one commit, its packages and Node for one architecture, and nothing that builds. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SERVICE_FLAGS, serviceEnvironment } from '../../scripts/launch/service-node.mjs';

export type Architecture = 'arm64' | 'x64';

export interface ReleaseOptions {
	/** A clone of the project; its HEAD is what is released. */
	readonly root: string;
	readonly arch: Architecture;
	/** Installed packages are kept here between releases. */
	readonly cache: string;
	/** Folder to lay the release out in; made anew. */
	readonly folder: string;
	/** Folder of an own build of the engine for `arch`, if one was made. */
	readonly engine?: string;
	/** File of the codec's addon for `arch`, if one was made. */
	readonly addon?: string;
}

/** What a release says of itself, in `release.json`. */
export interface ReleaseFacts {
	readonly name: 'innerloop';
	readonly version: string;
	readonly arch: Architecture;
	readonly commit: string;
	/** Of the commit, seconds since 1970: every time in the release. */
	readonly epoch: number;
	readonly hasOwnEngine: boolean;
}

/** Parts of the tree that a running box reads. */
const PROGRAM = ['appliance', 'native', 'scripts/launch', 'package.json', 'package-lock.json', 'README.md', 'docs'];

/** Compilers, and the parts of packages that only builds read. */
const UNUSED = ['typescript', '@typescript', 'cmake-js', 'node-llama-cpp/llama/gitRelease.bundle', 'node-llama-cpp/llama/xpack', '.bin'];

/** Takes about a minute, mostly npm's. @throws when git or npm fails, with their message */
export function layOutRelease(options: ReleaseOptions): ReleaseFacts {
	const { folder, arch } = options;
	rmSync(folder, { recursive: true, force: true });
	const app = join(folder, 'app');
	mkdirSync(app, { recursive: true });
	const facts = readFacts(options);
	copyProgram(options.root, facts.commit, app);
	installPackages(app, options);
	takeNode(app, join(folder, 'node'), arch);
	if (options.engine !== undefined) cpSync(options.engine, join(folder, 'engine'), { recursive: true, verbatimSymlinks: true });
	if (options.addon !== undefined) cpSync(options.addon, join(folder, 'addon', 'turboquant.node'));
	writeStarter(folder);
	writeFileSync(join(folder, 'release.json'), `${JSON.stringify(facts, null, 2)}\n`);
	return facts;
}

function readFacts({ root, arch, engine }: ReleaseOptions): ReleaseFacts {
	const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
	const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
	return {
		name: 'innerloop',
		version,
		arch,
		commit: git('rev-parse', 'HEAD'),
		epoch: Number(git('log', '-1', '--format=%ct')),
		hasOwnEngine: engine !== undefined,
	};
}

function copyProgram(root: string, commit: string, app: string): void {
	const archive = execFileSync('git', ['-C', root, 'archive', '--format=tar', commit, '--', ...PROGRAM], { maxBuffer: 1 << 28 });
	execFileSync('tar', ['--extract', '--directory', app], { input: archive });
}

/**
 * The versions and hashes of package-lock.json, with binaries for the other architecture where it is another. Kept in
 * the cache by what decides them, since nothing else of a release takes as long.
 */
function installPackages(app: string, { arch, cache }: ReleaseOptions): void {
	const inputs = createHash('sha256')
		.update(readFileSync(join(app, 'package-lock.json')))
		.update(arch)
		.digest('hex')
		.slice(0, 16);
	const kept = join(cache, `packages-${inputs}`);
	if (!existsSync(kept)) {
		const draft = mkdtempSync(`${kept}.tmp-`);
		for (const name of ['package.json', 'package-lock.json']) cpSync(join(app, name), join(draft, name));
		const flags = [
			'--omit=dev',
			'--include=optional',
			'--ignore-scripts',
			'--os=linux',
			`--cpu=${arch}`,
			'--libc=glibc',
			'--no-audit',
			'--no-fund',
		];
		execFileSync('npm', ['ci', ...flags, '--prefer-offline', '--loglevel=error'], { cwd: draft, stdio: ['ignore', 'ignore', 'inherit'] });
		for (const name of UNUSED) rmSync(join(draft, 'node_modules', name), { recursive: true, force: true });
		renameSync(draft, kept);
	}
	cpSync(join(kept, 'node_modules'), join(app, 'node_modules'), { recursive: true, verbatimSymlinks: true });
}

/** npm has checked the package against the lock file's hash. */
function takeNode(app: string, folder: string, arch: Architecture): void {
	const source = join(app, 'node_modules', `node-linux-${arch}`);
	mkdirSync(join(folder, 'bin'), { recursive: true });
	cpSync(join(source, 'bin', 'node'), join(folder, 'bin', 'node'));
	cpSync(join(source, 'LICENSE'), join(folder, 'LICENSE'));
	const modules = join(app, 'node_modules');
	for (const name of readdirSync(modules)) if (name.startsWith('node-linux-')) rmSync(join(modules, name), { recursive: true });
}

/** `bin/innerloop`: this release's program under this release's Node, with the settings that the launcher gives a service. */
function writeStarter(folder: string): void {
	const { NODE_COMPILE_CACHE: _, ...settings } = serviceEnvironment({ INNERLOOP_CACHE: '/nowhere' });
	const lines = [
		'#!/bin/sh',
		'# Runs this release, wherever it lies.',
		'root=$(dirname "$(dirname "$(readlink -f "$0")")")',
		// Where this box keeps its things; absent outside of one.
		'if [ -r /etc/innerloop/environment ]; then set -a; . /etc/innerloop/environment; set +a; fi',
		...Object.entries(settings).map(([name, value]) => `export ${name}="\${${name}:-${value}}"`),
		// The command line of another user cannot write the service's cache.
		'if [ -w "$INNERLOOP_CACHE" ]; then export NODE_COMPILE_CACHE="$INNERLOOP_CACHE/compiled"; fi',
		'if [ -d "$root/engine" ]; then export INNERLOOP_ENGINE="$root/engine"; fi',
		`exec "$root/node/bin/node" --enable-source-maps --disable-warning=ExperimentalWarning ${SERVICE_FLAGS.join(' ')} "$root/app/appliance/main.ts" "$@"`,
		'',
	];
	const file = join(folder, 'bin', 'innerloop');
	mkdirSync(join(folder, 'bin'));
	writeFileSync(file, lines.join('\n'));
	chmodSync(file, 0o755);
}
