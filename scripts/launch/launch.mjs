/** What the launcher does, step by step: which program is meant, what it needs installed, under which Node it runs. */

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { runProgram } from './run-program.mjs';
import { findRuntime } from './runtime.mjs';
import { SERVICE_FLAGS, serviceEnvironment } from './service-node.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * @typedef {object} Program
 * @property {string} entry absolute path of the file to run
 * @property {readonly string[]} args
 * @property {'production' | 'all'} set packages that it needs
 * @property {readonly string[]} [flags] of Node
 * @property {Readonly<Record<string, string>>} [env] beside the caller's own, which wins
 */

/**
 * `test` and `check` are the developers' commands, `run FILE` any program of the tree (benchmarks); all else is `innerloop`.
 * @param {readonly string[]} args
 * @param {string} root
 * @returns {Program | string} the program, or what is wrong with the arguments
 */
export function chooseProgram(args, root) {
	const [command, ...rest] = args;
	if (command === 'test') return { entry: join(root, 'scripts/run-tests.ts'), args: rest, set: 'all' };
	if (command === 'check') return { entry: join(root, 'scripts/check.ts'), args: rest, set: 'all' };
	if (command === 'run') {
		const [file, ...fileArgs] = rest;
		if (file === undefined) return 'Usage: launch.mjs run FILE [ARGUMENTS]';
		return { entry: resolve(root, file), args: fileArgs, set: 'all' };
	}
	const service = command === 'serve' ? { flags: SERVICE_FLAGS, env: serviceEnvironment(process.env) } : {};
	return { entry: join(root, 'appliance/main.ts'), args, set: 'production', ...service };
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
export async function launch(args) {
	const program = chooseProgram(args, ROOT);
	if (typeof program === 'string') {
		console.error(program);
		return 2;
	}
	try {
		await ensureInstalled(ROOT, program.set);
		return await runProgram(findRuntime(ROOT), program);
	} catch (error) {
		console.error(error instanceof Error ? error.message : String(error));
		return 1;
	}
}
