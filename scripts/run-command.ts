/** Starts other programs for the checks and tests, and takes them along when it is told to stop. */

import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandResult {
	readonly code: number;
	/** Both output streams in the order they came; empty when they were inherited. */
	readonly output: string;
}

export interface CommandOptions {
	readonly cwd: string;
	readonly isInherited?: boolean;
	readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.once(signal, () => {
		for (const child of running) child.kill(signal);
		process.exitCode = 1;
	});
}

/** Resolves when the program has ended, with code 1 where a signal ended it. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			cwd: options.cwd,
			env: { ...process.env, ...options.env },
			stdio: options.isInherited ? 'inherit' : ['ignore', 'pipe', 'pipe'],
		});
		running.add(child);
		const chunks: Buffer[] = [];
		child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
		child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
		child.once('error', reject);
		child.once('close', (code) => {
			running.delete(child);
			resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
		});
	});
}
