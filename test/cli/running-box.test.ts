import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceFile } from '../../appliance/protocol/admin.ts';
import type { ListedKey, Member, SpendRow } from '../../appliance/protocol/ports.ts';

const MAIN = fileURLToPath(new URL('../../appliance/main.ts', import.meta.url));

interface Result {
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

let folder: string;
let dataDir: string;
let service: ChildProcess | undefined;
let firstKey: string;

/** Runs a command on the box of this test, in a home of its own. */
function innerloop(...args: string[]): Promise<Result> {
	return new Promise((resolve) => {
		const env = { ...process.env, HOME: folder, INNERLOOP_DATA: dataDir, ANTHROPIC_API_KEY: '', NO_COLOR: '1' };
		execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) => {
			resolve({ code: error === null ? 0 : Number(error.code), out, err });
		});
	});
}

async function json<T>(...args: string[]): Promise<T> {
	const { code, out, err } = await innerloop(...args, '--json');
	expect({ code, err }).toEqual({ code: 0, err: '' });
	return JSON.parse(out) as T;
}

async function startService(): Promise<{ address: string; firstKey: string | undefined; pid: number }> {
	const config = join(folder, 'config.json');
	writeFileSync(config, JSON.stringify({ version: 1, local: { isEnabled: false }, log: { level: 'silent' } }));
	const env = { ...process.env, HOME: folder, INNERLOOP_DATA: dataDir, INNERLOOP_CONFIG: config };
	const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
	service = child;
	let out = '';
	for await (const chunk of child.stdout) {
		out += String(chunk);
		if (out.includes('\n}\n')) break;
	}
	return JSON.parse(out) as { address: string; firstKey: string | undefined; pid: number };
}

function stopService(): Promise<number | null> {
	const child = service;
	if (child === undefined || child.exitCode !== null) return Promise.resolve(child?.exitCode ?? 0);
	const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
	child.kill('SIGTERM');
	return ended;
}

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-box-'));
	dataDir = join(folder, 'data');
});
afterAll(async () => {
	await stopService();
	rmSync(folder, { recursive: true, force: true });
});

describe('a box and its command line', () => {
	test('serve says where it is, and shows the first key', async () => {
		const started = await startService();
		firstKey = started.firstKey ?? '';
		expect(firstKey).toMatch(/^il_[\w-]{43}$/);
		const file = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
		expect(file).toMatchObject({ pid: started.pid, address: started.address });
		expect(statSync(join(dataDir, 'service.json')).mode & 0o777).toBe(0o600);
	});

	test('members are added, changed and listed through the running service', async () => {
		expect(await json<Member>('member', 'add', 'ada', '--day-usd', '2.5')).toMatchObject({ name: 'ada', dayNanoUsd: 2_500_000_000 });
		expect(await json<Member>('member', 'set', 'ada', '--month-usd', '20')).toMatchObject({
			dayNanoUsd: 2_500_000_000,
			monthNanoUsd: 20_000_000_000,
		});
		const withoutDay = await json<Member>('member', 'set', 'ada', '--day-usd', 'none');
		expect(withoutDay.dayNanoUsd ?? undefined).toBeUndefined();
		expect(withoutDay.monthNanoUsd).toBe(20_000_000_000);
		const { members } = await json<{ members: Member[] }>('member', 'list');
		expect(members.map(({ name }) => name)).toEqual(['owner', 'ada']);
		expect(await innerloop('member', 'set', 'adda', '--day-usd', '1')).toMatchObject({
			code: 1,
			err: expect.stringContaining('Did you mean "ada"'),
		});
		expect(await innerloop('member', 'add', 'ada')).toMatchObject({ code: 1, err: expect.stringContaining('already') });
	});

	test('a key works from its making until it is revoked', async () => {
		const made = await json<{ key: ListedKey; secret: string }>(
			'key',
			'add',
			'ada',
			'--tiers',
			'local,mid',
			'--tree-usd',
			'1',
			'--expires',
			'2099-01-01',
		);
		expect(made.key).toMatchObject({ memberName: 'ada', allowedTiers: ['local', 'mid'], treeCeilingNanoUsd: 1_000_000_000 });
		const { address } = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
		const models = async () => (await fetch(`${address}/v1/models`, { headers: { 'x-api-key': made.secret } })).status;
		expect(await models()).toBe(200);
		const listed = await innerloop('key', 'list');
		expect(listed.out).toContain(made.key.id);
		expect(listed.out).not.toContain(made.secret);
		expect((await innerloop('key', 'revoke', made.key.id)).code).toBe(0);
		expect(await models()).toBe(401);
		expect((await innerloop('key', 'list')).out).toMatch(new RegExp(`${made.key.id}\\s+ada\\s+revoked`));
	});

	test('rules are set for members and keys, listed, and taken away', async () => {
		const rules = ['--local-only', 'yes', '--never-below-asked', 'yes', '--tiers', 'local,mid', '--requests-per-minute', '60'];
		expect((await json<Member>('member', 'set', 'ada', ...rules)).rules).toEqual({
			isLocalOnly: true,
			neverBelowAsked: true,
			allowedTiers: ['local', 'mid'],
			requestsPerMinute: 60,
		});
		expect((await innerloop('member', 'list')).out).toContain('local only, never below asked, tiers local mid, 60 requests a minute');
		const { key } = await json<{ key: ListedKey }>('key', 'add', 'ada', '--deployments', 'local', '--parallel-calls', '2');
		expect(key).toMatchObject({ keptHereBy: 'member', allowedTiers: ['mid', 'local'], allowedDeployments: ['local'] });
		expect((await innerloop('key', 'set', key.id, '--tiers', 'local', '--deployments', 'all')).out).toContain(
			'tiers local; 2 calls at once',
		);
		expect(await innerloop('member', 'set', 'ada', '--deployments', 'nowhere')).toMatchObject({
			code: 1,
			err: expect.stringContaining('Known: local'),
		});
		const lifted = ['--local-only', 'no', '--never-below-asked', 'no', '--tiers', 'all', '--requests-per-minute', 'none'];
		expect((await json<Member>('member', 'set', 'ada', ...lifted)).rules).toBeUndefined();
		expect((await innerloop('key', 'revoke', key.id)).code).toBe(0);
	});

	test('the last owner’s key cannot be revoked', async () => {
		const { keys } = await json<{ keys: ListedKey[] }>('key', 'list');
		const owner = keys.find(({ isOwner }) => isOwner);
		expect(await innerloop('key', 'revoke', owner?.id ?? '')).toMatchObject({ code: 1, err: expect.stringContaining('last owner') });
	});

	test('spend has rows of team and members', async () => {
		const { rows } = await json<{ rows: SpendRow[] }>('spend');
		expect(rows.map(({ scope, name, period }) => `${scope} ${name} ${period}`)).toEqual(
			expect.arrayContaining(['team team day', 'team team month', 'member ada month']),
		);
		const { rows: own } = await json<{ rows: SpendRow[] }>('spend', '--member', 'ada', '--period', 'month');
		expect(own).toMatchObject([{ name: 'ada', ceilingNanoUsd: 20_000_000_000, settledNanoUsd: 0 }]);
	});

	test('spending is exported as CSV, through the service and to a file', async () => {
		const head = 'member,member_id,days,spent_usd\r\n';
		expect(await innerloop('spend', 'export', '--by', 'member')).toEqual({ code: 0, out: head, err: '' });
		const csv = join(folder, 'spend.csv');
		expect(await json('spend', 'export', '--by', 'member', '--csv', csv, '--from', '2026-01-01', '--to', '2026-01-31')).toMatchObject({
			file: csv,
			by: 'member',
			from: '2026-01-01',
		});
		expect(readFileSync(csv, 'utf8')).toBe(head);
		expect(statSync(csv).mode & 0o777).toBe(0o600);
		expect(await innerloop('spend', 'export', '--csv', join(folder, 'none', 'x.csv'))).toMatchObject({
			code: 1,
			err: expect.stringContaining('cannot be written'),
		});
		expect(await innerloop('spend', 'days')).toMatchObject({ code: 0, out: 'Nothing was spent yet.\n' });
	});

	test('a dry run says why, and exits 1 where the call would be refused', async () => {
		const file = join(folder, 'call.json');
		writeFileSync(file, JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }));
		const { code, out } = await innerloop('explain', '--file', file);
		expect(code).toBe(1);
		expect(out).toContain('role inner');
		expect(out).toContain('It would be refused');
		expect(await innerloop('explain', '--recent', '5')).toMatchObject({ code: 0, out: 'No calls yet.\n' });
	});

	test('a refused call is in the history, with its reasons', async () => {
		const { address } = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
		const reply = await fetch(`${address}/v1/messages`, {
			method: 'POST',
			headers: { 'x-api-key': firstKey, 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }),
		});
		expect(reply.status).toBe(503);
		const callId = reply.headers.get('x-innerloop-call') ?? '';
		const explained = await innerloop('explain', callId);
		expect(explained.code).toBe(0);
		expect(explained.out).toContain(`Call ${callId} of owner`);
		expect(explained.out).toContain('no-eligible-deployment');
		expect((await innerloop('explain', '--recent', '1')).out).toContain(callId);
	});

	test('doctor sees the service and its port', async () => {
		const { out } = await innerloop('doctor', '--quick');
		expect(out).toMatch(/ok {4}service: .* at http:\/\/127\.0\.0\.1:\d+/);
		expect(out).toMatch(/ok {4}database: .*schema (\d+) of \1/);
	});

	test('a box elsewhere is asked with an owner’s key', async () => {
		const { address } = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
		process.env.INNERLOOP_KEY = firstKey;
		const asked = await innerloop('member', 'list', '--address', address, '--data', join(folder, 'nowhere'));
		process.env.INNERLOOP_KEY = 'il_wrong';
		const refused = await innerloop('member', 'list', '--address', address);
		delete process.env.INNERLOOP_KEY;
		expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('ada') });
		expect(refused.code).toBe(1);
	});

	test('after the stop the files answer the same', async () => {
		const before = await json<{ members: Member[] }>('member', 'list');
		expect(await stopService()).toBe(0);
		expect(existsSync(join(dataDir, 'service.json'))).toBe(false);
		expect(await json<{ members: Member[] }>('member', 'list')).toEqual(before);
		const made = await json<{ key: ListedKey }>('key', 'add', 'ada');
		expect((await json<{ keys: ListedKey[] }>('key', 'list')).keys.map(({ id }) => id)).toContain(made.key.id);
		expect((await innerloop('key', 'revoke', made.key.id)).code).toBe(0);
		expect((await json<Member>('member', 'set', 'ada', '--local-only', 'yes')).rules).toEqual({ isLocalOnly: true });
		expect((await innerloop('spend', 'export', '--by', 'call')).out).toMatch(/\r\n\S+,call_\w+,owner,/);
		expect((await innerloop('member', 'delete', 'ada', '--yes')).out).toContain('ada is deleted');
		expect((await innerloop('member', 'list')).out).not.toContain('ada');
		expect(await innerloop('member', 'delete', 'owner', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('last owner') });
		expect((await innerloop('explain', '--recent', '1')).out).toContain('owner');
		expect(await innerloop('explain', '--file', join(folder, 'call.json'))).toMatchObject({ code: 1 });
	});

	test('a service file of a process that died is not believed', async () => {
		writeFileSync(
			join(dataDir, 'service.json'),
			JSON.stringify({ pid: 2 ** 22, startedAt: '', address: 'http://127.0.0.1:1', token: 'x' }),
		);
		expect((await innerloop('member', 'list')).code).toBe(0);
	});
});
