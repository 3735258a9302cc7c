import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-signals-'));
	return () => rmSync(folder, { recursive: true, force: true });
});

const children: { kill(signal: 'SIGKILL'): boolean }[] = [];
afterEach(() => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A service under `untilStopped`, in a process of its own; `after` runs once it is ready. */
function start(after = '') {
	const program = `
import { serve } from '${new URL('appliance/server/serve.ts', ROOT)}';
import { untilStopped } from '${new URL('appliance/server/until-stopped.ts', ROOT)}';
const folder = process.argv[2];
const service = await serve({
	env: {}, configFile: undefined, isConfigNamed: false, dataDir: folder, port: 0, version: 'test', log: folder + '/log',
	startEngine() { return { status: () => ({ state: 'absent' }), close: async () => {} }; },
});
const ended = untilStopped(service);
${after}
console.log('ready');
process.exitCode = await ended;
`;
	const file = join(folder, 'program.ts');
	writeFileSync(file, program);
	const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
	children.push(child);
	const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
	const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
	return { child, ready, exit };
}

it.each(['SIGTERM', 'SIGINT'] as const)('%s stops the service with exit code 0', async (signal) => {
	const { child, ready, exit } = start();
	await ready;
	child.kill(signal);
	expect(await exit).toBe(0);
});

it('an error that nobody caught is logged and ends it with 1', async () => {
	const { exit } = start("setTimeout(() => { throw new Error('nobody caught this'); }, 50);");
	expect(await exit).toBe(1);
	expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('nobody caught this');
});

it('a second signal ends it at once', async () => {
	const { child, ready, exit } = start('service.stop = () => new Promise(() => {});');
	await ready;
	child.kill('SIGTERM');
	await new Promise((resolve) => setTimeout(resolve, 200));
	child.kill('SIGTERM');
	expect(await exit).toBe(130);
});
