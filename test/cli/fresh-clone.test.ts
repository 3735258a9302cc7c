import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 240_000;

interface Start {
	readonly child: ChildProcess;
	output(): string;
}

let folder: string;
let clone: string;
const starts: Start[] = [];

/** `npm start` as a person types it, on data of its own and any free port. */
function npmStart(name: string): Start {
	const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
	const child = spawn('npm', ['start', '--', '--port', '0', '--data', join(folder, name)], {
		cwd: clone,
		env: { ...process.env, PATH: path.join(delimiter) },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let output = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on('data', (chunk: Buffer) => {
			output += chunk.toString();
		});
	}
	const start = { child, output: () => output };
	starts.push(start);
	return start;
}

async function until(what: string, isDone: () => boolean): Promise<void> {
	const deadlineMs = performance.now() + PATIENCE_MS;
	while (!isDone()) {
		if (performance.now() > deadlineMs)
			throw new Error(`${what} did not happen. Output:\n${starts.map(({ output }) => output().slice(-1_500)).join('\n---\n')}`);
		await sleep(50);
	}
}

const addressOf = (start: Start): string | undefined => /Innerloop listens at (http:\S+)/.exec(start.output())?.[1];

/** Processes whose command line names the clone or its data. */
function processesOfClone(): string[] {
	return readdirSync('/proc').filter((pid) => {
		if (!/^\d+$/.test(pid)) return false;
		try {
			return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
		} catch {
			return false;
		}
	});
}

describe('a fresh clone', () => {
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'innerloop-clone-'));
		clone = join(folder, 'innerloop');
		execFileSync('git', ['clone', '--quiet', ROOT, clone]);
	});
	afterAll(async () => {
		for (const { child } of starts) child.kill('SIGKILL');
		await sleep(100);
		for (const pid of processesOfClone()) process.kill(Number(pid), 'SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	});

	test('two `npm start` at once: one installs, the other waits, and both serve with a first key of their own', async () => {
		const both = [npmStart('one'), npmStart('two')];
		await until('Both listening', () => both.every((start) => addressOf(start) !== undefined));
		const outputs = both.map(({ output }) => output());
		expect(outputs.filter((output) => output.includes('Installing packages (production): done'))).toHaveLength(1);
		expect(outputs.filter((output) => output.includes('is installing packages here. Waiting for it.'))).toHaveLength(1);
		const keys = outputs.map((output) => /First key, shown this once: (il_[\w-]{43})/.exec(output)?.[1]);
		expect(new Set(keys).size).toBe(2);
		for (const [index, start] of both.entries()) {
			const health = await fetch(`${addressOf(start)}/healthz`);
			expect(health.status).toBe(200);
			const models = await fetch(`${addressOf(start)}/v1/models`, { headers: { authorization: `Bearer ${keys[index]}` } });
			expect(models.status).toBe(200);
		}
	});

	test('SIGTERM ends the service cleanly, and nothing is left running', async () => {
		const codes = starts.map(({ child }) => new Promise((resolve) => child.once('close', resolve)));
		for (const { child } of starts) child.kill('SIGTERM');
		await Promise.all(codes);
		await until('The end of every process', () => processesOfClone().length === 0);
		expect(readdirSync(join(folder, 'one'))).not.toContain('service.json');
	});

	test('the next start installs nothing, and shows no key again', async () => {
		const again = npmStart('one');
		await until('Listening', () => addressOf(again) !== undefined);
		expect(again.output()).not.toContain('Installing');
		expect(again.output()).not.toContain('First key');
		// The launcher's parent dies without a word: the service must not stay behind.
		again.child.kill('SIGKILL');
		for (const pid of processesOfClone()) {
			if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('launch.mjs')) process.kill(Number(pid), 'SIGKILL');
		}
		await until('The end of every process', () => processesOfClone().length === 0);
		expect(processesOfClone()).toEqual([]);
	});
});
