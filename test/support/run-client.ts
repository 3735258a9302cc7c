/** Runs one session of a real client program in a home of its own, as a person would. */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ClientProgram } from './client-installs.ts';

/** Far above what a session takes on an idle machine: these tests must not fail where other work has the cores. */
const SESSION_TIMEOUT_MS = 300_000;

/** Nothing listens there: what a client wants from the rest of the world is refused at once. */
const NOWHERE = 'http://127.0.0.1:9';
const LOOPBACK_ONLY = { HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE, ALL_PROXY: NOWHERE, NO_PROXY: '127.0.0.1,localhost' };

/** An empty folder for a session: a home of its own and a work folder in it. */
export interface WorkPlace {
	readonly home: string;
	readonly workDir: string;
	/** Writes a file under the home; folders on the way are made. */
	write(path: string, text: string): void;
	remove(): void;
}

export function makeWorkPlace(): WorkPlace {
	const home = mkdtempSync(join(tmpdir(), 'innerloop-agent-'));
	const workDir = join(home, 'project');
	mkdirSync(workDir);
	mkdirSync(join(home, 'tmp'));
	return {
		home,
		workDir,
		write(path, text) {
			const file = join(home, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
		},
		remove: () => rmSync(home, { recursive: true, force: true }),
	};
}

export interface ClientRun {
	readonly program: ClientProgram;
	readonly place: WorkPlace;
	readonly args: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	readonly timeoutMs?: number;
}

export interface ClientExit {
	/** Null when it was killed at the time-out. */
	readonly exitCode: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Nothing of this process's environment but PATH reaches the client, and it reaches loopback alone; it is killed at the time-out. */
export async function runClient({ program, place, args, env, timeoutMs = SESSION_TIMEOUT_MS }: ClientRun): Promise<ClientExit> {
	const child = spawn(program.command, [...program.args, ...args], {
		cwd: place.workDir,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { PATH: process.env.PATH, HOME: place.home, TMPDIR: join(place.home, 'tmp'), ...LOOPBACK_ONLY, ...env },
	});
	let stdout = '';
	let stderr = '';
	child.stdout.on('data', (chunk: Buffer) => {
		stdout += chunk.toString('utf8');
	});
	child.stderr.on('data', (chunk: Buffer) => {
		stderr += chunk.toString('utf8');
	});
	const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
	const exitCode = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	}).finally(() => clearTimeout(timer));
	return { exitCode, stdout, stderr };
}

/** All that it wrote, for the message of a failed expectation. */
export function wordsOf({ exitCode, stdout, stderr }: ClientExit): string {
	return `exit code ${exitCode}\n${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`;
}

/** Objects of a client that prints one JSON object a line; other lines are passed over. */
export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
	return text.split('\n').flatMap((line) => {
		try {
			return line.startsWith('{') ? [JSON.parse(line) as Readonly<Record<string, unknown>>] : [];
		} catch {
			return [];
		}
	});
}
