import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBuildInputs } from '../../../native/build/build-inputs.ts';
import { takeLock } from '../../../native/build/build-lock.ts';
import { commonCpuFlags, instructionSetOptions } from '../../../native/build/instruction-sets.ts';
import { copySources, listPatches, pinnedVersion } from '../../../native/build/own-sources.ts';
import { runNiced } from '../../../native/build/run-niced.ts';

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-build-'));
});

afterEach(() => {
	rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

test('only what every core has is switched on, and never the machine’s own choice', () => {
	const cpuinfo = 'flags\t\t: sse4_2 avx avx2 fma amx_tile\n\nflags\t\t: sse4_2 avx fma amx_tile\n';
	const options = instructionSetOptions('x64', commonCpuFlags(cpuinfo));
	expect(options).toMatchObject({
		GGML_NATIVE: 'OFF',
		GGML_SSE42: 'ON',
		GGML_AVX: 'ON',
		GGML_FMA: 'ON',
		GGML_AVX2: 'OFF',
		GGML_AVX512: 'OFF',
	});
	expect(Object.keys(options).some((name) => name.includes('AMX'))).toBe(false);
	const pi = commonCpuFlags('Features\t: fp asimd asimdhp asimddp\n');
	expect(instructionSetOptions('arm64', pi)).toEqual({ GGML_NATIVE: 'OFF', GGML_CPU_ARM_ARCH: 'armv8.2-a+dotprod+fp16' });
	expect(instructionSetOptions('arm64', new Set(['asimd']))).toEqual({ GGML_NATIVE: 'OFF', GGML_CPU_ARM_ARCH: 'armv8.2-a' });
});

/** A folder of sources and patches as the real one has it. */
function ownSources(version: string): string {
	const names = ['ggml/patches', 'ggml/llama', 'ggml/attention', 'ggml/types', 'include', 'src/arch/arm'];
	for (const name of names) mkdirSync(join(folder, name), { recursive: true });
	writeFileSync(join(folder, 'ggml', 'patches', 'node-llama-cpp-version'), `${version}\n`);
	return folder;
}

test('patches count in their order, and each byte of theirs and of our sources makes another build', () => {
	const root = ownSources(pinnedVersion());
	expect(listPatches(root)).toEqual([]);
	const keys = [readBuildInputs(root).key];
	expect(readBuildInputs(root).key).toBe(keys[0]);
	const write = (name: string, text: string): void => {
		writeFileSync(join(root, name), text);
		keys.push(readBuildInputs(root).key);
	};
	write('ggml/patches/0002-b.patch', 'b');
	write('ggml/patches/0001-a.patch', 'a');
	expect(listPatches(root)).toEqual([join(root, 'ggml/patches/0001-a.patch'), join(root, 'ggml/patches/0002-b.patch')]);
	write('ggml/patches/0002-b.patch', 'c');
	write('ggml/attention/kernel.cpp', 'int a;');
	write('ggml/attention/kernel.cpp', 'int b;');
	expect(new Set(keys).size).toBe(keys.length);
	write('src/block_codec.cpp', 'int c;');
	expect(new Set(keys).size).toBe(keys.length);
	write('ggml/patches/README.md', 'no patch');
	expect(keys.at(-1)).toBe(keys.at(-2));
	// The addon's kernels are no part of the engine.
	write('src/arch/arm/kernels_neon_dotprod.cpp', 'int d;');
	write('src/dispatch.cpp', 'int e;');
	expect(keys.at(-1)).toBe(keys.at(-3));
});

test('sources are copied to their places, and nothing of an earlier copy stays', () => {
	const root = ownSources('1.0.0');
	const tree = join(folder, 'tree');
	writeFileSync(join(root, 'ggml', 'llama', 'a.cpp'), 'old');
	copySources(tree, root);
	rmSync(join(root, 'ggml', 'llama', 'a.cpp'));
	writeFileSync(join(root, 'ggml', 'llama', 'b.cpp'), 'new');
	copySources(tree, root);
	expect(readdirSync(join(tree, 'src/innerloop'))).toEqual(['b.cpp']);
});

test('patches made for another release of node-llama-cpp are refused by name', () => {
	expect(() => readBuildInputs(ownSources('1.0.0'))).toThrow(
		`the patches of llama.cpp are for node-llama-cpp 1.0.0, and ${pinnedVersion()} is installed`,
	);
});

test('a second builder waits for the first, and takes over from one that was killed', async () => {
	const lock = join(folder, 'lock');
	const release = await takeLock(lock, never);
	let isTaken = false;
	const second = takeLock(lock, never).then((done) => {
		isTaken = true;
		return done;
	});
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(isTaken).toBe(false);
	release();
	(await second)();
	expect(existsSync(lock)).toBe(false);

	const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
	mkdirSync(lock);
	writeFileSync(join(lock, 'pid'), String(dead));
	(await takeLock(lock, never))();
});

test('waiting for a lock ends with its signal', async () => {
	const lock = join(folder, 'lock');
	const release = await takeLock(lock, never);
	await expect(takeLock(lock, AbortSignal.timeout(20))).rejects.toThrow();
	release();
});

test('a niced program hands its lines on, fails with its last words, and ends with its children', async () => {
	const lines: string[] = [];
	const run = (script: string, signal = never) =>
		runNiced({
			program: 'sh',
			args: ['-c', script],
			cwd: folder,
			env: { PATH: process.env.PATH },
			onLine: (line) => lines.push(line),
			signal,
		});
	await run('echo one; echo two >&2; nice');
	expect(lines.toSorted()).toEqual(['19', 'one', 'two']);
	await expect(run('echo broken; exit 3')).rejects.toThrow(/failed \(3\):\n.*broken/s);
	const abort = new AbortController();
	const pidFile = join(folder, 'pid');
	const running = run(`sleep 60 & echo $! > ${pidFile}; echo started; wait`, abort.signal);
	const failure = expect(running).rejects.toThrow();
	while (!lines.includes('started')) await new Promise((resolve) => setTimeout(resolve, 10));
	abort.abort();
	await failure;
	const sleeper = Number(execFileSync('cat', [pidFile], { encoding: 'utf8' }));
	const isRunning = (): boolean =>
		existsSync(`/proc/${sleeper}`) && !execFileSync('cat', [`/proc/${sleeper}/stat`], { encoding: 'utf8' }).includes(') Z ');
	while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 10));
});
