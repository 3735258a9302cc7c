/** A text that every machine has in the same version: documentation and sources of the llama.cpp in node-llama-cpp. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PARTS = ['README.md', 'docs/*.md', 'src/llama-kv-cache.cpp', 'tools/server/README.md'];

/** English prose with tables and commands, C++ in the middle; enough for three chunks of 8192. @returns the file */
export function writeText(): string {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-text-'));
	const bundle = join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..', 'llama', 'gitRelease.bundle');
	const clone = join(folder, 'llama.cpp');
	const git = (...args: readonly string[]): string =>
		execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
	git('clone', '--quiet', '--no-checkout', bundle, clone);
	const names = git('-C', clone, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n');
	const wanted = PARTS.flatMap((part) =>
		names.filter((name) => new RegExp(`^${part.replaceAll('.', '\\.').replace('*', '[^/]*')}$`).test(name)),
	);
	const file = join(folder, 'text.txt');
	writeFileSync(file, wanted.map((name) => git('-C', clone, 'show', `HEAD:${name}`)).join('\n'));
	rmSync(clone, { recursive: true, force: true });
	return file;
}
