/** Texts that every machine has in the same version: documentation and sources of the llama.cpp in node-llama-cpp. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentTranscript, asConversation, type SourceFile } from './transcripts.ts';

export const TEXTS = ['mixed', 'english', 'code', 'chat', 'agent'] as const;
export type TextName = (typeof TEXTS)[number];

/** Paths with `*` for a part of a name. */
const PARTS: Readonly<Record<TextName, readonly string[]>> = {
	// English prose with tables and commands, C++ in the middle: what the figures of decision 0117 were measured on.
	mixed: ['README.md', 'docs/*.md', 'src/llama-kv-cache.cpp', 'tools/server/README.md'],
	english: ['CONTRIBUTING.md', 'docs/*.md', 'docs/development/*.md', 'tools/server/README.md'],
	code: ['src/llama-graph.cpp', 'src/llama-context.cpp', 'src/llama-sampler.cpp'],
	chat: ['docs/*.md', 'docs/development/*.md', 'tools/server/README.md'],
	agent: ['src/llama-*.cpp'],
};

/** Enough for three chunks of 8192. @returns the file */
export function writeText(name: TextName): string {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-text-'));
	const file = join(folder, `${name}.txt`);
	writeFileSync(file, textOf(name, readSources(folder, PARTS[name])));
	return file;
}

function textOf(name: TextName, files: readonly SourceFile[]): string {
	if (name === 'chat') return asConversation(files);
	if (name === 'agent') return agentTranscript(files);
	return files.map(({ text }) => text).join('\n');
}

function readSources(folder: string, parts: readonly string[]): readonly SourceFile[] {
	const bundle = join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..', 'llama', 'gitRelease.bundle');
	const clone = join(folder, 'llama.cpp');
	const git = (...args: readonly string[]): string =>
		execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
	git('clone', '--quiet', '--no-checkout', bundle, clone);
	const names = git('-C', clone, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n');
	const wanted = parts.flatMap((part) => {
		const pattern = new RegExp(`^${part.replaceAll('.', '\\.').replace('*', '[^/]*')}$`);
		return names.filter((name) => pattern.test(name));
	});
	const files = wanted.map((path) => ({ path, text: git('-C', clone, 'show', `HEAD:${path}`) }));
	rmSync(clone, { recursive: true, force: true });
	return files;
}
