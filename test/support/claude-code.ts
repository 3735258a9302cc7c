/** Installs the real Claude Code and runs sessions of it against a loopback address, as a person would. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedInstall } from './cached-install.ts';

/** @returns path of the native program for this machine */
export async function installClaudeCode(): Promise<string> {
	const folder = await cachedInstall({
		source: fileURLToPath(new URL('../clients/installed', import.meta.url)),
		kind: 'test-clients',
		title: 'Installing Claude Code for the client tests',
	});
	const name = `claude-code-${process.platform}-${process.arch}`;
	const program = join(folder, 'node_modules/@anthropic-ai', name, 'claude');
	if (!existsSync(program)) throw new Error(`@anthropic-ai/${name} has no program at ${program}: is there a Claude Code for this machine?`);
	return program;
}

export interface SessionOptions {
	readonly program: string;
	readonly baseUrl: string;
	/** Sent as `authorization: Bearer` (as `ANTHROPIC_AUTH_TOKEN` does) or as `x-api-key`. */
	readonly credential: { readonly bearer: string } | { readonly apiKey: string };
	readonly prompt: string;
	readonly workDir: string;
	readonly args?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	readonly timeoutMs?: number;
}

export interface SessionResult {
	readonly exitCode: number | null;
	/** The parsed report of `--output-format json`; undefined when there was none. */
	readonly report: { readonly result?: string; readonly session_id?: string; readonly is_error?: boolean } | undefined;
	readonly stdout: string;
	readonly stderr: string;
}

/** An empty folder for a session: a home of its own and a work folder in it. */
export function makeWorkDir(): { readonly workDir: string; readonly remove: () => void } {
	const home = mkdtempSync(join(tmpdir(), 'innerloop-agent-'));
	const workDir = join(home, 'project');
	mkdirSync(workDir);
	return { workDir, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** One `claude -p` session; the process is killed at the time-out. */
export async function runClaudeCode(options: SessionOptions): Promise<SessionResult> {
	const { credential } = options;
	const child = spawn(
		options.program,
		['-p', options.prompt, '--output-format', 'json', '--dangerously-skip-permissions', ...(options.args ?? [])],
		{
			cwd: options.workDir,
			stdio: ['ignore', 'pipe', 'pipe'],
			env: {
				PATH: process.env.PATH,
				HOME: join(options.workDir, '..'),
				ANTHROPIC_BASE_URL: options.baseUrl,
				...('bearer' in credential ? { ANTHROPIC_AUTH_TOKEN: credential.bearer } : { ANTHROPIC_API_KEY: credential.apiKey }),
				CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
				DISABLE_AUTOUPDATER: '1',
				// Without it the program refuses to skip permissions when it runs as root.
				IS_SANDBOX: '1',
				...options.env,
			},
		},
	);
	let stdout = '';
	let stderr = '';
	child.stdout.on('data', (chunk: Buffer) => {
		stdout += chunk.toString('utf8');
	});
	child.stderr.on('data', (chunk: Buffer) => {
		stderr += chunk.toString('utf8');
	});
	const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
	const exitCode = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	clearTimeout(timer);
	return { exitCode, report: parseReport(stdout), stdout, stderr };
}

function parseReport(stdout: string): SessionResult['report'] {
	try {
		return JSON.parse(stdout) as SessionResult['report'];
	} catch {
		return undefined;
	}
}
