import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { isAlive } from '../support/is-alive.ts';
import { answered, conversation, openEngine, says, smallModel, type TestEngine, until, untilReady } from '../support/local-engine.ts';

let engine: TestEngine | undefined;

afterEach(async () => {
	await engine?.close();
	engine = undefined;
});

const STORY = conversation([says('user', 'Tell a long story.')]);

test.each(['SIGKILL', 'SIGSEGV'] as const)(
	'%s of the child under load fails its calls clearly, keeps the queue, and the next call works',
	async (signal) => {
		engine = openEngine(smallModel(), { slots: 1 });
		await untilReady(engine);
		const pid = engine.childPid ?? 0;
		const running = answered(engine, STORY, { maxOutputTokens: 400 });
		const waiting = answered(engine, STORY, { maxOutputTokens: 3 });
		await until(() => engine?.status().queued === 1);
		const failure = expect(running).rejects.toMatchObject({
			code: 'local-failed',
			isRetryable: true,
			message: expect.stringContaining(signal),
		});
		process.kill(pid, signal);
		await failure;
		expect(engine.status().state).toBe('restarting');
		expect((await waiting).usage.outputTokens).toBe(3);
		expect(engine.childPid).not.toBe(pid);
		expect(isAlive(pid)).toBe(false);
		expect((await answered(engine, STORY, { maxOutputTokens: 3 })).usage.outputTokens).toBe(3);
	},
);

test('the child runs below the service: niced, first to go when memory runs out, without its secrets', async () => {
	process.env.INNERLOOP_TEST_SECRET = 'keep me';
	engine = openEngine(smallModel());
	await untilReady(engine);
	const { readFileSync } = await import('node:fs');
	const pid = engine.childPid;
	expect(Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'))).toBe(800);
	expect(Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16])).toBe(10);
	expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('keep me');
	delete process.env.INNERLOOP_TEST_SECRET;
});

test('a child that hangs is ended, and another one answers', async () => {
	// The supervisor's clock runs a hundred times faster: it takes two seconds of silence for a long one.
	const startedMs = performance.now();
	const clock = { nowMs: () => (performance.now() - startedMs) * 100, wallMs: () => Date.now() };
	engine = openEngine(smallModel(), { clock });
	await untilReady(engine);
	const pid = engine.childPid ?? 0;
	process.kill(pid, 'SIGSTOP');
	const stuck = answered(engine, STORY, { maxOutputTokens: 3 });
	await expect(stuck).rejects.toMatchObject({ code: 'local-failed', message: expect.stringContaining('SIGKILL') });
	expect(isAlive(pid)).toBe(false);
	await untilReady(engine);
});

test('close ends the child, and calls are refused afterwards', async () => {
	engine = openEngine(smallModel());
	await untilReady(engine);
	const pid = engine.childPid ?? 0;
	const running = answered(engine, STORY, { maxOutputTokens: 400 });
	const failure = expect(running).rejects.toMatchObject({ code: 'local-failed' });
	await until(() => engine?.status().busySlots === 1);
	await engine.close();
	await failure;
	expect(isAlive(pid)).toBe(false);
	await expect(answered(engine, STORY)).rejects.toMatchObject({ code: 'local-failed' });
});

test('the child follows a killed parent', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'innerloop-parent-'));
	const support = fileURLToPath(new URL('../support/local-engine.ts', import.meta.url));
	const program = join(folder, 'parent.ts');
	writeFileSync(
		program,
		`import { openEngine, smallModel, untilReady } from ${JSON.stringify(support)};
const engine = openEngine(smallModel());
await untilReady(engine);
console.log(engine.childPid);
setInterval(() => undefined, 1_000);`,
	);
	const parent: ChildProcess = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
	try {
		const [output] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
		const pid = Number(output.toString());
		expect(isAlive(pid)).toBe(true);
		parent.kill('SIGKILL');
		await until(() => !isAlive(pid));
	} finally {
		parent.kill('SIGKILL');
		await rm(folder, { recursive: true, force: true });
	}
});

test('without a file the engine is absent and says which file is missing', async () => {
	engine = openEngine('/nowhere/model.gguf');
	expect(engine.status()).toMatchObject({ state: 'absent', detail: 'there is no model file at /nowhere/model.gguf' });
	await expect(answered(engine, STORY)).rejects.toMatchObject({
		code: 'local-failed',
		message: expect.stringContaining('/nowhere/model.gguf'),
	});
});

test('with a file that is no model the engine is failed and says why', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'innerloop-model-'));
	const file = join(folder, 'broken.gguf');
	writeFileSync(file, 'GGUF but not really');
	try {
		engine = openEngine(file);
		await until(() => engine?.status().state === 'failed');
		expect(engine.status().detail?.length).toBeGreaterThan(0);
		await expect(answered(engine, STORY)).rejects.toMatchObject({ code: 'local-failed' });
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});
