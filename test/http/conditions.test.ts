/** What goes wrong under a box is seen, said and survived: heat, a full disk, a held database, a wrong clock, dead providers. */

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallsReport, StatusReport } from '../../appliance/protocol/admin.ts';
import type { MachineReaders } from '../../appliance/system/machine-sampler.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

const run = promisify(execFile);
const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';

let vendor: LoopbackUpstream;
beforeAll(async () => {
	vendor = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL));
});
afterAll(() => vendor[Symbol.asyncDispose]());

const status = async (box: TestBox) => (await box.admin('GET', '/status')).json as StatusReport;
const codes = async (box: TestBox) => (await status(box)).conditions.map(({ code }) => code);

async function until(isSo: () => Promise<boolean>): Promise<void> {
	for (const end = performance.now() + 30_000; !(await isSo()); await delay(50))
		if (performance.now() > end) throw new Error('it never happened');
}

/** Calls until one is answered with this status, and says how many it took. */
async function callUntil(box: TestBox, wanted: number): Promise<number> {
	let calls = 0;
	await until(async () => {
		calls += 1;
		return (await box.call('/v1/messages', ask('x'))).status === wanted;
	});
	return calls;
}

/** Every call that was made is in the history, whatever the disk did meanwhile. */
async function expectRecords(box: TestBox, calls: number): Promise<void> {
	await until(async () => ((await box.admin('GET', '/calls?limit=1000')).json as CallsReport).calls.length === calls);
}

describe('a hot machine', () => {
	it('is told, with what the local model does about it', async () => {
		const machine = { temperature: 60 };
		await using box = await startBox({ anthropic: vendor.baseUrl, machine: readersOf(() => machine.temperature) });
		await until(async () => (await status(box)).system.temperatureCelsius === 60);
		expect((await status(box)).admission.state).toBe('open');
		machine.temperature = 84;
		await until(async () => (await status(box)).admission.state === 'aside');
		expect((await status(box)).admission.reason).toBe('The processor is at 84 °C.');
		expect(await codes(box)).toContain('local-aside');
	});
});

function readersOf(celsius: () => number): MachineReaders {
	const flags = {
		isUnderVoltage: false,
		isCapped: false,
		isThrottled: false,
		isSoftTemperatureLimited: false,
		wasUnderVoltage: false,
		wasCapped: false,
		wasThrottled: false,
		wasSoftTemperatureLimited: false,
	};
	return {
		memory: async () => undefined,
		temperatureCelsius: async () => celsius(),
		cpuLoadPercent: async () => undefined,
		pressure: async () => undefined,
		flags: async () => flags,
		disk: async () => undefined,
	};
}

/** Only root can mount a disk that is small enough to fill. */
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.error('NOT TESTED: a full disk: only root can mount a small one.');

describe.skipIf(!isRoot)('a full disk', () => {
	it('holds cloud calls back with a reason, and loses no record of those that were made', async () => {
		await using disk = await smallDisk();
		const box = await startBox({ anthropic: vendor.baseUrl, dataDir: disk.folder });
		try {
			expect((await box.call('/v1/messages', ask('before'))).status).toBe(200);
			await disk.fill();
			// Holds that are on the disk already still serve; the first one that needs the disk is refused.
			const refused = await callUntil(box, 500);
			await until(async () => (await codes(box)).includes('disk-full'));
			expect((await box.call('/readyz', '', { method: 'GET' })).text).toMatch(/no-ledger/);
			await disk.empty();
			await until(async () => !(await codes(box)).includes('disk-full'));
			const answered = await callUntil(box, 200);
			await expectRecords(box, 1 + refused + answered);
		} finally {
			await box.service.stop();
		}
	});
});

/** A disk of 8 MB. */
async function smallDisk() {
	const folder = await mkdtemp(join(tmpdir(), 'innerloop-disk-'));
	await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
	const filler = join(folder, 'filler');
	return {
		folder,
		fill: async () => void (await run('sh', ['-c', `cat /dev/zero > ${filler} || true`])),
		empty: () => rm(filler),
		async [Symbol.asyncDispose]() {
			await run('umount', ['-l', folder]);
			await rm(folder, { recursive: true, force: true });
		},
	};
}

describe('a database that another process holds', () => {
	it('is told by name, and goes on as soon as it lets go', async () => {
		await using box = await startBox({ anthropic: vendor.baseUrl });
		expect((await box.call('/v1/messages', ask('before'))).status).toBe(200);
		const holder = spawn(
			process.execPath,
			['--disable-warning=ExperimentalWarning', await holderScript(box.dataDir), join(box.dataDir, 'innerloop.db')],
			{ stdio: ['pipe', 'pipe', 'inherit'] },
		);
		await new Promise((resolve) => holder.stdout?.once('data', resolve));
		const refused = await callUntil(box, 500);
		await until(async () => (await codes(box)).includes('database-locked'));
		holder.stdin?.end();
		await until(async () => !(await codes(box)).includes('database-locked'));
		const answered = await callUntil(box, 200);
		await expectRecords(box, 1 + refused + answered);
	});
});

/** Takes the write lock, says so, and holds it until its input ends. */
async function holderScript(folder: string): Promise<string> {
	const file = join(folder, 'hold.mjs');
	await writeFile(
		file,
		"import { DatabaseSync } from 'node:sqlite';\nconst db = new DatabaseSync(process.argv[2], { timeout: 5000 });\ndb.exec('BEGIN IMMEDIATE');\nconsole.log('held');\nprocess.stdin.resume();\nprocess.stdin.on('end', () => { db.exec('ROLLBACK'); process.exit(); });\n",
	);
	return file;
}

it('a wrong clock is told beside the calls that wait for it', async () => {
	const clock = { wallMs: 0 };
	await using box = await startBox({ anthropic: vendor.baseUrl, clock: { nowMs: () => performance.now(), wallMs: () => clock.wallMs } });
	expect((await box.call('/v1/messages', ask('x'))).status).toBe(503);
	expect(await codes(box)).toContain('clock-wrong');
	clock.wallMs = Date.now();
	await until(async () => !(await codes(box)).includes('clock-wrong'));
	expect((await box.call('/v1/messages', ask('x'))).status).toBe(200);
	await expectRecords(box, 2);
});

it('a provider that is down is told by name while others answer, and every call leaves its record', async () => {
	const dead = await startUpstream((_, response) =>
		response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"message":"down"}}'),
	);
	await using box = await startBox({ anthropic: dead.baseUrl, openai: vendor.baseUrl });
	let calls = 0;
	await until(async () => {
		calls += 1;
		await box.call('/v1/messages', ask('x'));
		return (await codes(box)).includes('provider-down');
	});
	const { conditions } = await status(box);
	expect(conditions.find(({ code }) => code === 'provider-down')?.text).toMatch(/opus/);
	await expectRecords(box, calls);
	await dead[Symbol.asyncDispose]();
});
