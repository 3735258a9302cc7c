import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainReport, NewKeyReport, StatusReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord, Member } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { admin, ask, startBox, type TestBox } from './support/start-box.ts';

let upstream: LoopbackUpstream;
let box: TestBox;

const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL));
	box = await startBox({ anthropic: upstream.baseUrl });
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

describe('explain', () => {
	it('as a dry run decides like the call itself, and sends and reserves nothing', async () => {
		upstream.received.length = 0;
		const body = ask('x');
		const dry = await box.admin('POST', '/explain', { dialect: 'anthropic', body });
		const sameBytes = await box.call('/innerloop/v1/explain/v1/messages', body);
		expect(upstream.received).toHaveLength(0);
		const { decision, problem } = dry.json as ExplainReport;
		expect(problem).toBeUndefined();
		expect((JSON.parse(sameBytes.text) as ExplainReport).decision.candidates).toEqual(decision.candidates);
		const real = await box.call('/v1/messages', body);
		const record = (await box.admin('GET', `/explain/${real.headers['x-innerloop-call']}`)).json as CallRecord;
		expect(record.decision.role).toBe(decision.role);
		expect(record.decision.candidates.map(({ deployment }) => deployment)).toEqual(decision.candidates.map(({ deployment }) => deployment));
		expect(record.outcome).toMatchObject({ deployment: decision.candidates[0]?.deployment, status: 200 });
	});

	it('takes a body as text and headers that force, and says what a call would be refused with', async () => {
		const forced = await box.admin('POST', '/explain', {
			dialect: 'anthropic',
			headers: { 'X-Innerloop-Deployment': 'sonnet' },
			body: JSON.stringify(ask('x')),
		});
		expect((forced.json as ExplainReport).decision.candidates[0]?.deployment).toBe('sonnet');
		const huge = await box.admin('POST', '/explain', { dialect: 'anthropic', body: ask('word '.repeat(250_000)) });
		expect((huge.json as ExplainReport).problem).toMatchObject({ code: expect.any(String), message: expect.any(String) });
		expect((await box.admin('POST', '/explain', { dialect: 'anthropic', body: [] })).status).toBe(400);
		expect((await box.admin('POST', '/explain', { dialect: 'latin', body: {} })).json).toMatchObject({
			error: { message: expect.stringContaining('dialect') },
		});
	});
});

describe('members and keys', () => {
	it('are made, changed and revoked by an owner, and by nobody else', async () => {
		const made = await box.admin('POST', '/members', { name: 'ada', dayUsd: 2 });
		expect(made.status).toBe(201);
		const { id } = made.json as Member;
		expect((await box.admin('POST', '/members', { name: 'ada' })).status).toBe(400);
		expect((await box.admin('PATCH', `/members/${id}`, { monthUsd: 9, dayUsd: null })).json).toMatchObject({ monthNanoUsd: 9e9 });
		expect(
			((await box.admin('GET', '/members')).json as { members: Member[] }).members.find((one) => one.id === id)?.dayNanoUsd,
		).toBeUndefined();

		const { key, secret } = (await box.admin('POST', '/keys', { member: 'ada', allowedTiers: ['mid'] })).json as NewKeyReport;
		expect(secret).toMatch(/^il_[\w-]{43}$/);
		expect(key).toMatchObject({ memberName: 'ada', isOwner: false, allowedTiers: ['mid'], hasCeiling: true });
		const call = () => box.call('/v1/messages', ask('x', { model: 'claude-sonnet-4-6' }), { headers: { 'x-api-key': secret } });
		expect((await call()).status).toBe(200);
		for (const [method, path] of [
			['GET', '/keys'],
			['POST', '/keys'],
			['GET', '/members'],
			['DELETE', `/keys/${key.id}`],
		] as const)
			expect((await admin(box.url, secret, method, path, method === 'POST' ? {} : undefined)).status).toBe(403);
		expect((await box.admin('DELETE', `/keys/${key.id}`)).status).toBe(204);
		expect((await call()).status).toBe(401);
		expect((await box.admin('DELETE', '/keys/none')).status).toBe(404);
	});

	it('keep the last owner’s key, and name every wrong field', async () => {
		const { keys } = (await box.admin('GET', '/keys')).json as { keys: { id: string; isOwner: boolean }[] };
		const owner = keys.find(({ isOwner }) => isOwner);
		expect((await box.admin('DELETE', `/keys/${owner?.id}`)).status).toBe(400);
		const wrong = await box.admin('POST', '/keys', { member: '', tiers: [], allowedTiers: ['golden'] });
		const { error } = wrong.json as { error: { message: string } };
		expect(error.message).toMatch(/member.*allowedTiers.*tiers/);
	});

	it('a member sees their own calls and no one else’s', async () => {
		await box.admin('POST', '/members', { name: 'eve' });
		const { secret } = (await box.admin('POST', '/keys', { member: 'eve' })).json as NewKeyReport;
		const mine = await box.call('/v1/messages', ask('x'));
		const theirs = await box.call('/v1/messages', ask('y'), { headers: { 'x-api-key': secret } });
		const seen = ((await admin(box.url, secret, 'GET', '/calls')).json as { calls: CallRecord[] }).calls;
		expect(seen.map(({ decision }) => decision.callId)).toEqual([theirs.headers['x-innerloop-call']]);
		expect((await admin(box.url, secret, 'GET', `/explain/${mine.headers['x-innerloop-call']}`)).status).toBe(404);
	});
});

describe('the command line of this machine', () => {
	it('is let in by the token of service.json for administration, and not for calls', async () => {
		const { address, token, pid } = await box.serviceFile();
		expect([address, pid]).toEqual([box.url, process.pid]);
		expect((await admin(box.url, token, 'GET', '/keys')).status).toBe(200);
		expect((await admin(box.url, token, 'POST', '/explain', { dialect: 'anthropic', body: ask('x') })).status).toBe(200);
		expect((await box.call('/v1/messages', ask('x'), { headers: { 'x-api-key': token } })).status).toBe(401);
	});
});

describe('status, metrics and log', () => {
	it('tell what the box is doing', async () => {
		const status = (await box.admin('GET', '/status')).json as StatusReport;
		expect(status).toMatchObject({ version: 'test', isStopping: false, address: box.url, engine: { state: 'absent' } });
		expect(status.system.totalBytes).toBeGreaterThan(0);
	});

	it('count calls by role, tier, deployment and status', async () => {
		await box.call('/v1/messages', ask('x'));
		const { text } = await send(`${box.url}/metrics`, { method: 'GET', headers: { 'x-api-key': box.key } });
		expect(text).toMatch(/innerloop_calls_total\{role="\w+",tier="(mid|frontier)",deployment="(sonnet|opus)",status="200"\} \d+/);
		for (const name of [
			'call_seconds',
			'first_byte_seconds',
			'tokens_total',
			'cost_usd_total',
			'ledger_usd',
			'engine_state',
			'overruns_total',
			'nodejs_eventloop_lag',
		])
			expect(text).toContain(`innerloop_${name}`);
	});

	it('write one line a call, without secret and without text', async () => {
		const secretText = 'a sentence that must not be logged';
		const reply = await box.call('/v1/messages', ask(secretText));
		await new Promise((resolve) => setTimeout(resolve, 700));
		const log = await readFile(box.logFile, 'utf8');
		const lines = log.split('\n').filter((line) => line.includes(String(reply.headers['x-innerloop-call'])));
		expect(lines).toHaveLength(1);
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'call', status: 200, member: 'owner', inputTokens: 10 });
		for (const secret of [secretText, box.key, 'sk-ant-of-the-box']) expect(log).not.toContain(secret);
	});

	it('write the texts as well only where the operator asks for them', async () => {
		await using open = await startBox({ anthropic: upstream.baseUrl, config: { log: { hasPromptText: true } } });
		await open.call('/v1/messages', ask('a sentence that may be logged'));
		await open.service.stop();
		const log = await readFile(open.logFile, 'utf8').catch(() => '');
		const line = log.split('\n').find((one) => one.includes('"msg":"call"'));
		expect(JSON.parse(line ?? '{}')).toMatchObject({ prompt: expect.stringContaining('may be logged'), reply: WELL });
		expect(log).not.toContain(open.key);
	});
});
