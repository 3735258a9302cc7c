/** Installs the real client programs, each pinned in a folder of its own, into the cache. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedInstall, runQuietly } from './cached-install.ts';

/** How a client is started: a program, and what stands before a session's own arguments. */
export interface ClientProgram {
	readonly command: string;
	readonly args: readonly string[];
}

type Client = 'aider' | 'claude-code' | 'claude-code-older' | 'codex' | 'gemini-cli' | 'opencode';

const KIND = 'test-clients';
const PLATFORM = `${process.platform}-${process.arch}`;

const sourceOf = (client: Client) => fileURLToPath(new URL(`../clients/installed/${client}`, import.meta.url));

/** The folder of an npm client's packages. */
async function packagesOf(client: Client, title: string): Promise<string> {
	const folder = await cachedInstall({ source: sourceOf(client), kind: KIND, title: `Installing ${title} for the client tests` });
	return join(folder, 'node_modules');
}

function existing(command: string, what: string): string {
	if (!existsSync(command)) throw new Error(`There is no program at ${command}: is there ${what} for ${PLATFORM}?`);
	return command;
}

async function native(client: Client, title: string, path: string): Promise<ClientProgram> {
	return { command: existing(join(await packagesOf(client, title), path), title), args: [] };
}

/** A client that is a script for Node: it runs under ours. */
async function script(client: Client, title: string, path: string): Promise<ClientProgram> {
	return { command: process.execPath, args: [existing(join(await packagesOf(client, title), path), title)] };
}

export const installClaudeCode = () => native('claude-code', 'Claude Code', `@anthropic-ai/claude-code-${PLATFORM}/claude`);

export const installOlderClaudeCode = () => script('claude-code-older', 'Claude Code 2.0', '@anthropic-ai/claude-code/cli.js');

/** Rust's names of the machines that Codex is built for. */
const CODEX_TARGETS: Readonly<Record<string, string>> = {
	'linux-x64': 'x86_64-unknown-linux-musl',
	'linux-arm64': 'aarch64-unknown-linux-musl',
	'darwin-arm64': 'aarch64-apple-darwin',
	'darwin-x64': 'x86_64-apple-darwin',
};

export const installCodex = () =>
	native('codex', 'Codex', `@openai/codex-${PLATFORM}/vendor/${CODEX_TARGETS[PLATFORM] ?? PLATFORM}/bin/codex`);

export const installOpencode = () => native('opencode', 'opencode', `opencode-${PLATFORM}/bin/opencode`);

export const installGeminiCli = () => script('gemini-cli', 'gemini-cli', '@google/gemini-cli/bundle/gemini.js');

const run = promisify(execFile);
/** The versions of Python that aider's pinned packages are made for, the most common first. */
const PYTHONS = ['python3', 'python3.12', 'python3.11', 'python3.10'];
const ASK_VERSION = 'import sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))';

async function findPython(): Promise<string> {
	for (const python of PYTHONS) {
		const isFit = await run(python, ['-c', ASK_VERSION]).then(
			() => true,
			() => false,
		);
		if (isFit) return python;
	}
	throw new Error('aider needs Python 3.10, 3.11 or 3.12 with its venv module, and none of them was found on PATH.');
}

/** 690 MB in 108 packages; nothing of it is built here, all of it comes as wheels. */
export async function installAider(): Promise<ClientProgram> {
	const folder = await cachedInstall({
		source: sourceOf('aider'),
		files: ['requirements.txt'],
		kind: KIND,
		title: 'Installing aider for the client tests',
		install: async (fresh) => {
			await runQuietly(await findPython(), ['-m', 'venv', 'python'], fresh);
			const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--no-compile'];
			await runQuietly(join(fresh, 'python/bin/pip'), ['install', ...flags, '-r', 'requirements.txt'], fresh);
		},
	});
	return { command: existing(join(folder, 'python/bin/aider'), 'an aider'), args: [] };
}
