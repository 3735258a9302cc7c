/** What compiles for a Raspberry Pi on another machine, and runs the result: Debian's cross compiler and emulator. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runNiced } from './run-niced.ts';

export const CROSS_CXX = 'aarch64-linux-gnu-g++';
export const EMULATOR = 'qemu-aarch64';

/** Given to CMake as CMAKE_TOOLCHAIN_FILE. */
export const TOOLCHAIN_FILE = fileURLToPath(new URL('./arm64-toolchain.cmake', import.meta.url));

/** Where Debian puts the libraries of arm64 that come with the compiler. */
export const ARM64_ROOT = '/usr/aarch64-linux-gnu';

/** Program → Debian package. */
const PACKAGES: Readonly<Record<string, string>> = {
	[CROSS_CXX]: 'g++-aarch64-linux-gnu',
	[EMULATOR]: 'qemu-user',
	cmake: 'cmake',
	ninja: 'ninja-build',
};

/**
 * Installs what is missing by apt-get, which needs root.
 * @throws with the command to run by hand where that cannot be done
 */
export async function obtainCrossTools(programs: readonly string[], signal: AbortSignal): Promise<void> {
	const missing = programs.filter((program) => !isThere(program)).map((program) => PACKAGES[program] ?? program);
	if (missing.length === 0) return;
	const { PATH, HOME } = process.env;
	const env = { PATH, HOME, DEBIAN_FRONTEND: 'noninteractive' };
	const run = (...args: string[]): Promise<void> => runNiced({ program: 'apt-get', args, cwd: '/', env, onLine: () => undefined, signal });
	const install = (): Promise<void> => run('install', '--yes', '--no-install-recommends', ...missing);
	try {
		// A machine that was never used has no lists of packages yet.
		await install().catch(() => run('update').then(install));
	} catch (cause) {
		throw new Error(`needed and not there: run \`apt-get install ${missing.join(' ')}\` as root`, { cause });
	}
}

function isThere(program: string): boolean {
	try {
		execFileSync(program, ['--version'], { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}
