/** Starts programs that tests and benchmarks talk to, waits until they answer, reads their memory, and ends them by id. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;
const KEPT_CHARACTERS = 4_000;

export interface ChildProgram {
	readonly pid: number;
	/** The program and all that it started. */
	pids(): number[];
	/** Everything that it wrote until now, both streams. */
	output(): string;
	/** Undefined while it runs. */
	exit(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
	/** SIGTERM, then SIGKILL for what is left of it and its children. */
	stop(): Promise<void>;
}

export interface ChildProgramOptions {
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd: string;
	/** Tells whether it can be used; gets what it wrote until now. Asked again and again. */
	readonly isReady: (output: string) => Promise<boolean>;
	readonly readyTimeoutMs: number;
}

/** @throws with the program's last words when it ends, or is not ready in time */
export async function startChildProgram(options: ChildProgramOptions): Promise<ChildProgram> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-output-'));
	const file = join(folder, 'output');
	// A file and not a pipe: nobody has to read along while the program is measured.
	const sink = openSync(file, 'a');
	const { command, args, cwd, env } = options;
	const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', sink, sink] });
	closeSync(sink);
	let startError = '';
	child.once('error', (error) => {
		startError = String(error);
	});
	const output = () => readFileSync(file, 'utf8');
	const hasEnded = () => child.exitCode !== null || child.signalCode !== null || startError !== '';
	const deadlineMs = performance.now() + options.readyTimeoutMs;
	while (!(await options.isReady(output()))) {
		if (hasEnded() || performance.now() > deadlineMs) {
			await stopChild(child);
			throw new Error(`${command} ${args.join(' ')} did not become ready. ${startError}\n${output().slice(-KEPT_CHARACTERS)}`);
		}
		await delay(POLL_MS);
	}
	const pid = child.pid ?? 0;
	return {
		pid,
		pids: () => descendants(pid),
		output,
		exit: () => (hasEnded() ? { code: child.exitCode, signal: child.signalCode } : undefined),
		stop: async () => {
			await stopChild(child);
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** True when the address answers below 500. */
export async function answers(url: string): Promise<boolean> {
	try {
		const response = await fetch(url);
		await response.arrayBuffer();
		return response.status < 500;
	} catch {
		return false;
	}
}

/** Ends a child and all that it started: politely, then surely. */
async function stopChild(child: ChildProcess): Promise<void> {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
	const family = descendants(child.pid);
	const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	child.kill('SIGTERM');
	await Promise.race([gone, delay(10_000)]);
	for (const pid of family) endNow(pid);
	await gone;
}

function endNow(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// Already gone, as it should be.
	}
}

function parents(): Map<number, number> {
	const map = new Map<number, number>();
	for (const name of readdirSync('/proc')) {
		const match = /^\d+$/.test(name) ? readProc(`/proc/${name}/stat`)?.match(/^(\d+) \(.*\) \S (\d+)/s) : undefined;
		if (match) map.set(Number(match[1]), Number(match[2]));
	}
	return map;
}

function descendants(root: number): number[] {
	const map = parents();
	const found = [root];
	for (const pid of found) for (const [child, parent] of map) if (parent === pid) found.push(child);
	return found;
}

function readProc(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return undefined;
	}
}

/** Resident memory of some processes: `VmRSS` is now, `VmHWM` the highest since each started. */
export function residentBytes(pids: readonly number[], field: 'VmRSS' | 'VmHWM'): number {
	const kib = pids.map((pid) => Number(readProc(`/proc/${pid}/status`)?.match(new RegExp(`${field}:\\s+(\\d+)`))?.[1] ?? 0));
	return kib.reduce((sum, value) => sum + value, 0) * 1_024;
}

/** Clock ticks a second in /proc; fixed on Linux. */
const TICKS_PER_SECOND = 100;

/** Processor time that some processes used since each started, all threads, user and system. */
export function processorMs(pids: readonly number[]): number {
	const ticks = pids.map((pid) => {
		const stat = readProc(`/proc/${pid}/stat`) ?? '';
		// Counted from behind the program's name, which may hold spaces.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
	});
	return (ticks.reduce((sum, value) => sum + value, 0) * 1_000) / TICKS_PER_SECOND;
}
