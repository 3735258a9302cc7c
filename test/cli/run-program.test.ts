import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../support/is-alive.ts';

const RUN_PROGRAM = fileURLToPath(new URL('../../scripts/launch/run-program.mjs', import.meta.url));

const LAUNCHER = `
import { runProgram } from '${RUN_PROGRAM}';
process.exitCode = await runProgram(process.execPath, { entry: process.argv[2], args: process.argv.slice(3), set: 'all' });
`;

/** Writes its pid and every signal that it gets; ends at the second SIGTERM, or by argument. */
const PROGRAM = `
import { appendFileSync } from 'node:fs';
const [log, mode] = process.argv.slice(2);
appendFileSync(log, 'pid ' + process.pid + '\\n');
if (mode === 'exit') process.exitCode = 7;
else if (mode === 'die') process.kill(process.pid, 'SIGKILL');
else {
	setInterval(() => undefined, 1000);
	process.on('SIGTERM', () => {
		appendFileSync(log, 'SIGTERM\\n');
		if (mode === 'graceful') process.exit(0);
	});
}
`;

let folder: string;
let log: string;
const children: ChildProcess[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-run-'));
	log = join(folder, 'log');
	writeFileSync(log, '');
	writeFileSync(join(folder, 'launcher.mjs'), LAUNCHER);
	writeFileSync(join(folder, 'program.mjs'), PROGRAM);
});
afterEach(() => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
	const pid = programPid();
	if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
	rmSync(folder, { recursive: true, force: true });
});

function launch(mode: string): ChildProcess {
	const child = spawn(process.execPath, [join(folder, 'launcher.mjs'), join(folder, 'program.mjs'), log, mode], { stdio: 'inherit' });
	children.push(child);
	return child;
}

const ended = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('close', resolve));
const words = (): string[] => readFileSync(log, 'utf8').split('\n').filter(Boolean);

function programPid(): number | undefined {
	const line = words().find((word) => word.startsWith('pid '));
	return line === undefined ? undefined : Number(line.slice(4));
}

async function until(isDone: () => boolean): Promise<void> {
	const deadlineMs = performance.now() + 30_000;
	while (!isDone()) {
		if (performance.now() > deadlineMs) throw new Error('It did not happen within 30 s.');
		await sleep(20);
	}
}

describe('the program behind the launcher', () => {
	test('its exit code comes through', async () => {
		expect(await ended(launch('exit'))).toBe(7);
	});

	test('its death by a signal comes through as 128 + signal', async () => {
		expect(await ended(launch('die'))).toBe(137);
	});

	test('a signal reaches it, and its clean end comes through', async () => {
		const child = launch('graceful');
		await until(() => programPid() !== undefined);
		await sleep(200);
		child.kill('SIGTERM');
		expect(await ended(child)).toBe(0);
		expect(words()).toContain('SIGTERM');
	});

	test('what npm and a terminal deliver twice, it gets once; a later one again', async () => {
		const child = launch('stay');
		await until(() => programPid() !== undefined);
		await sleep(200);
		child.kill('SIGTERM');
		await sleep(50);
		child.kill('SIGTERM');
		await sleep(1_000);
		expect(words().filter((word) => word === 'SIGTERM')).toHaveLength(1);
		child.kill('SIGTERM');
		await until(() => words().filter((word) => word === 'SIGTERM').length === 2);
		expect(programPid()).toBeDefined();
	});

	test.each(['graceful', 'stay'])('the launcher’s death takes it along, even if it is stubborn (%s)', async (mode) => {
		const child = launch(mode);
		await until(() => programPid() !== undefined);
		await sleep(200);
		child.kill('SIGKILL');
		const pid = programPid() ?? 0;
		await until(() => !isAlive(pid));
		expect(words()).toContain('SIGTERM');
	});
});
