/** Brings node_modules to what package-lock.json says, once, whoever asks and however often. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withLock } from './lock.mjs';
import { startProgress } from './progress.mjs';

/** @typedef {'production' | 'all'} PackageSet */

const NPM_FLAGS = ['--include=optional', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * @param {string} root
 * @param {PackageSet} wanted
 */
export async function ensureInstalled(root, wanted) {
	const modules = join(root, 'node_modules');
	// A linked tree belongs to another clone: its owner installs it, and `npm ci` here would empty it.
	if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
	if (isSatisfied(root, wanted)) return;
	const lock = join(root, '.cache', 'install.lock');
	await withLock(
		lock,
		({ pid }) => console.error(`Another start (process ${pid}) is installing packages here. Waiting for it.`),
		async () => {
			if (!isSatisfied(root, wanted)) await install(root, wanted);
		},
	);
}

/** @param {string} root */
function stampPath(root) {
	return join(root, 'node_modules', '.innerloop-install.json');
}

/**
 * What a finished install is recognised by: the lock file's content and the machine that the binaries are for.
 * @param {string} root
 */
function fingerprint(root) {
	const hash = createHash('sha256');
	for (const file of ['package-lock.json', '.npmrc']) hash.update(readFileSync(join(root, file)));
	return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

/**
 * @param {string} root
 * @returns {{ set: PackageSet, fingerprint: string } | undefined} what was installed completely, perhaps from an older lock file
 */
function readStamp(root) {
	try {
		return JSON.parse(readFileSync(stampPath(root), 'utf8'));
	} catch {
		return undefined;
	}
}

/**
 * @param {string} root
 * @param {PackageSet} wanted
 */
function isSatisfied(root, wanted) {
	const stamp = readStamp(root);
	return stamp?.fingerprint === fingerprint(root) && (stamp.set === 'all' || stamp.set === wanted);
}

/**
 * @param {string} root
 * @param {PackageSet} wanted
 */
async function install(root, wanted) {
	const stamp = readStamp(root);
	const set = stamp?.set === 'all' ? 'all' : wanted;
	rmSync(stampPath(root), { force: true });
	// A complete tree is changed in place, package by package: a service may be running from it. An interrupted one starts afresh.
	const command = stamp === undefined ? ['ci'] : ['install', '--no-save'];
	const progress = startProgress(`Installing packages (${set === 'all' ? 'with those for development' : 'production'})`, () =>
		countInstalled(root, set),
	);
	const code = await runNpm(root, [...command, set === 'all' ? '--include=dev' : '--omit=dev', ...NPM_FLAGS]);
	if (code !== 0) {
		progress.stop('failed');
		throw new Error(
			`npm ${command[0]} failed with exit code ${code}; its own message is above. Check that this machine reaches its package registry (npm ping), then run the same command again.`,
		);
	}
	mkdirSync(join(root, 'node_modules'), { recursive: true });
	writeFileSync(stampPath(root), `${JSON.stringify({ fingerprint: fingerprint(root), set })}\n`);
	progress.stop('done');
}

/**
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
function runNpm(root, args) {
	// Under `npm start`, PATH names node_modules/.bin, where the pinned Node may be about to be replaced.
	const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
	return new Promise((resolve, reject) => {
		const child = spawn('npm', args, {
			cwd: root,
			stdio: ['ignore', 'ignore', 'inherit'],
			env: { ...process.env, PATH: path.join(delimiter) },
		});
		child.once('error', (cause) => reject(new Error(`Could not start npm (${cause.message}). On Debian 12: apt install npm`, { cause })));
		child.once('exit', (code) => resolve(code ?? 1));
	});
}

/**
 * @param {string} root
 * @param {PackageSet} wanted
 * @returns {string} for example `120 of 190`
 */
function countInstalled(root, wanted) {
	/** @type {Record<string, { dev?: boolean, os?: string[], cpu?: string[] }>} */
	const packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
	const paths = Object.entries(packages)
		.filter(([path, entry]) => path !== '' && !(wanted === 'production' && entry.dev) && fits(entry))
		.map(([path]) => join(root, path, 'package.json'));
	return `${paths.filter((path) => existsSync(path)).length} of ${paths.length}`;
}

/** @param {{ os?: string[], cpu?: string[] }} entry */
function fits({ os, cpu }) {
	return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}
