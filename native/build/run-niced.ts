/** Runs a long program at the lowest priority, hands its lines on, and ends it with all its children. */

import { spawn } from 'node:child_process';

const KEPT_LINES = 30;

export interface NicedRun {
	readonly program: string;
	readonly args: readonly string[];
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly onLine: (line: string) => void;
	readonly signal: AbortSignal;
}

/** @throws with the last lines of output when the program fails; the signal's reason when it was aborted */
export async function runNiced({ program, args, cwd, env, onLine, signal }: NicedRun): Promise<void> {
	signal.throwIfAborted();
	// A group of its own: the compilers below it have to end with it.
	const child = spawn('nice', ['-n', '19', program, ...args], { cwd, env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
	const { pid } = child;
	const last: string[] = [];
	const take = (chunk: string): void => {
		for (const line of chunk.split(/[\r\n]+/).filter(Boolean)) {
			last.push(line);
			if (last.length > KEPT_LINES) last.shift();
			onLine(line);
		}
	};
	child.stdout.setEncoding('utf8').on('data', take);
	child.stderr.setEncoding('utf8').on('data', take);
	const end = (): void => {
		if (pid !== undefined && child.exitCode === null) process.kill(-pid, 'SIGKILL');
	};
	signal.addEventListener('abort', end, { once: true });
	try {
		const code = await new Promise<number | null>((resolve, reject) => {
			child.on('error', reject);
			child.on('close', resolve);
		});
		signal.throwIfAborted();
		if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed (${code}):\n${last.join('\n')}`);
	} finally {
		signal.removeEventListener('abort', end);
	}
}
