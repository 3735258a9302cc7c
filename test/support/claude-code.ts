/** Runs sessions of the real Claude Code against a loopback address. */

import type { ClientProgram } from './client-installs.ts';
import { type ClientExit, runClient, type WorkPlace } from './run-client.ts';

export interface SessionOptions {
	readonly program: ClientProgram;
	readonly place: WorkPlace;
	/** Where it goes and with which key: `ANTHROPIC_BASE_URL`, `ANTHROPIC_AUTH_TOKEN` and the like. */
	readonly env: Readonly<Record<string, string>>;
	readonly prompt: string;
	readonly args?: readonly string[];
	readonly timeoutMs?: number;
}

export interface SessionResult extends ClientExit {
	/** The parsed report of `--output-format json`; undefined when there was none. */
	readonly report: { readonly result?: string; readonly session_id?: string; readonly is_error?: boolean } | undefined;
}

/** One `claude -p` session; the process is killed at the time-out. */
export async function runClaudeCode({ args = [], prompt, env, ...run }: SessionOptions): Promise<SessionResult> {
	const exit = await runClient({
		...run,
		args: ['-p', prompt, '--output-format', 'json', '--dangerously-skip-permissions', ...args],
		env: {
			CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
			DISABLE_AUTOUPDATER: '1',
			// Without it the program refuses to skip permissions when it runs as root.
			IS_SANDBOX: '1',
			...env,
		},
	});
	return { ...exit, report: parseReport(exit.stdout) };
}

function parseReport(stdout: string): SessionResult['report'] {
	try {
		return JSON.parse(stdout) as SessionResult['report'];
	} catch {
		return undefined;
	}
}
