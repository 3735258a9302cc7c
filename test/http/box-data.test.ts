/** What the page's owner does with the box's data: search, compare, configure, back up, restore, hand to a helper. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
	CallsReport,
	ConfigCheck,
	ConfigReport,
	MembersReport,
	ProviderTest,
	SavingsReport,
	SupportBundle,
} from '../../appliance/protocol/admin.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { admin, ask, startBox, TEST_ENV, type TestBox, testConfig } from './support/start-box.ts';

const WEBHOOK = 'https://hooks.example/services/T00/B00/abcdefghijkl';
let vendor: LoopbackUpstream;
let box: TestBox;
beforeAll(async () => {
	vendor = await startUpstream((received, response) => {
		const json = (status: number, body: unknown) =>
			response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
		if (received.headers['x-api-key'] !== TEST_ENV.TEST_ANTHROPIC_KEY)
			return void json(401, { error: { type: 'authentication_error', message: 'invalid' } });
		if (received.url.endsWith('count_tokens')) return void json(200, { input_tokens: 8 });
		if (received.body.includes('fail')) return void json(400, { error: { type: 'invalid_request_error', message: 'no' } });
		json(200, {
			id: 'm',
			type: 'message',
			role: 'assistant',
			model: 'x',
			content: [{ type: 'text', text: 'well' }],
			stop_reason: 'end_turn',
			stop_sequence: null,
			usage: { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0 },
		});
	});
	const options = { anthropic: vendor.baseUrl, config: { alerts: { webhooks: { ops: { url: WEBHOOK, secretEnv: 'HOOK_SECRET' } } } } };
	box = await startBox({ ...options, env: { HOOK_SECRET: 'hook-secret-of-the-test' } });
	for (const [n, model] of ['claude-opus-4-8', 'claude-sonnet-4-6', 'claude-sonnet-4-6'].entries())
		await box.call('/v1/messages', ask(`number ${n}`, { model }), n === 2 ? { headers: { 'x-innerloop-role': 'mid' } } : {});
	await box.call('/v1/messages', ask('fail'));
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await vendor[Symbol.asyncDispose]();
});

const calls = async (query: string) => (await box.admin('GET', `/calls?${query}`)).json as CallsReport;

describe('the search for calls', () => {
	it('goes by result, tier, role and text, page by page', async () => {
		expect((await calls('result=failed')).calls).toHaveLength(1);
		expect((await calls('result=ok')).calls).toHaveLength(3);
		expect((await calls('tier=mid')).calls.every(({ outcome }) => outcome?.deployment === 'sonnet')).toBe(true);
		expect((await calls('tier=mid')).calls.length).toBeGreaterThan(0);
		expect((await calls('q=SONNET')).calls.length).toBeGreaterThan(0);
		expect((await calls('q=nothing-like-this')).calls).toEqual([]);
		const first = await calls('limit=3');
		expect(first.calls).toHaveLength(3);
		const second = await calls(`limit=3&before=${first.next}`);
		expect(second.calls).toHaveLength(1);
		const ids = [...first.calls, ...second.calls].map(({ decision }) => decision.callId);
		expect(new Set(ids).size).toBe(4);
		expect((await box.admin('GET', '/calls?colour=red')).status).toBe(400);
	});

	it('finds a text that is no pattern', async () => {
		expect((await calls('q=%25')).calls).toEqual([]);
	});
});

it('savings compare each call’s own tokens with the frontier’s price', async () => {
	const report = (await box.admin('GET', '/savings?days=1')).json as SavingsReport;
	expect(report.frontier).toBe('opus');
	// 1000 in and 100 out: $0.0045 at the test's price, the same for both models.
	for (const { calls: count, costNanoUsd, frontierNanoUsd } of report.kinds) {
		expect(costNanoUsd).toBe(count * 4_500_000);
		expect(frontierNanoUsd).toBe(costNanoUsd);
	}
	expect(report.kinds.reduce((sum, one) => sum + one.calls, 0)).toBe(3);
});

describe('the configuration', () => {
	it('is checked with every fault, tried on the last calls, and saved only if nobody else changed it', async () => {
		const { text, tag } = (await box.admin('GET', '/config')).json as ConfigReport;
		const faulty = (await box.admin('POST', '/config/check', { text: text.replace('"frontier"', '"best"') })).json as ConfigCheck;
		expect(faulty.errors.join()).toMatch(/tier/);
		expect(faulty.preview).toBeUndefined();
		expect((await box.admin('PUT', '/config', { text: '{', tag })).status).toBe(400);
		const config = JSON.parse(text) as ReturnType<typeof testConfig> & { deployments: { id: string }[] };
		const without = JSON.stringify({ ...config, deployments: config.deployments.filter(({ id }) => id !== 'sonnet') }, undefined, 2);
		const check = (await box.admin('POST', '/config/check', { text: without })).json as ConfigCheck;
		expect(check.errors).toEqual([]);
		expect(check.preview?.calls).toBe(4);
		expect(check.preview?.changed.length).toBeGreaterThan(0);
		expect(check.preview?.changed.every(({ from, to }) => from === 'sonnet' && to === 'opus')).toBe(true);
		const unchanged = (await box.admin('POST', '/config/check', { text })).json as ConfigCheck;
		expect(unchanged.preview).toEqual({ calls: 4, changed: [] });
		expect((await box.admin('PUT', '/config', { text: without, tag: 'old' })).status).toBe(400);
		expect((await box.admin('PUT', '/config', { text: without, tag })).status).toBe(200);
		expect((await box.call('/v1/messages', ask('after'))).headers['x-innerloop-deployment']).toBe('opus');
	});
});

it('a provider’s key is tried live, without a call that is billed', async () => {
	const before = vendor.received.length;
	const good = (await box.admin('POST', '/providers/anthropic/test')).json as ProviderTest;
	expect(good).toMatchObject({ isAccepted: true });
	expect(vendor.received.slice(before).map(({ url }) => url)).toEqual(['/v1/messages/count_tokens']);
	await using wrong = await startBox({ anthropic: vendor.baseUrl, env: { TEST_ANTHROPIC_KEY: 'sk-ant-wrong' } });
	expect((await wrong.admin('POST', '/providers/anthropic/test')).json).toMatchObject({
		isAccepted: false,
		text: expect.stringMatching(/refuses the key/),
	});
	// A key that is only tried is used for that alone, also where the box has none.
	expect((await wrong.admin('POST', '/providers/anthropic/test', { value: TEST_ENV.TEST_ANTHROPIC_KEY })).json).toMatchObject({
		isAccepted: true,
	});
	expect((await box.admin('POST', '/providers/anthropic/test', { value: 'sk-ant-other' })).json).toMatchObject({ isAccepted: false });
	expect((await box.admin('POST', '/providers/anthropic/test', { value: 'with blank' })).status).toBe(400);
	expect((await box.admin('POST', '/providers/anthropic/test')).json).toMatchObject({ isAccepted: true });
	expect((await box.admin('POST', '/providers/nobody/test')).status).toBe(404);
});

it('the support bundle has the log and the configuration, and none of the secrets', async () => {
	const { token } = await box.serviceFile();
	const reply = await box.admin('GET', '/support');
	const bundle = reply.json as SupportBundle;
	expect(bundle.log.join('\n')).toMatch(/"msg":"call"/);
	expect(bundle.config).toMatch(/TEST_ANTHROPIC_KEY/);
	const text = JSON.stringify(bundle);
	for (const secret of [...Object.values(TEST_ENV), box.key, token, WEBHOOK, 'abcdefghijkl', 'hook-secret-of-the-test'])
		expect(text).not.toContain(secret);
	expect((await send(`${box.url}/innerloop/v1/support`, { method: 'GET', headers: {} })).status).toBe(401);
});

it('a backup is put back at the next start, and what is no backup is refused', async () => {
	const reply = await fetch(`${box.url}/innerloop/v1/backup`, { headers: { 'x-api-key': box.key } });
	const backup = Buffer.from(await reply.arrayBuffer());
	expect(backup.subarray(0, 15).toString()).toBe('SQLite format 3');
	const target = await startBox({ anthropic: vendor.baseUrl });
	const put = (body: Uint8Array) =>
		send(`${target.url}/innerloop/v1/restore`, {
			method: 'POST',
			headers: { 'x-api-key': target.key, 'content-type': 'application/octet-stream' },
			body,
		});
	await target.admin('POST', '/members', { name: 'only-here' });
	expect((await put(Buffer.from('no database at all'))).status).toBe(400);
	const damaged = Buffer.from(backup);
	damaged.fill(0x55, 4_096, 12_288);
	expect((await put(damaged)).status).toBe(400);
	const staged = await put(backup);
	expect(JSON.parse(staged.text)).toMatchObject({ isStaged: true, members: 1, config: expect.stringContaining('version') });
	await target.service.stop();
	await writeFile(join(target.dataDir, 'config.json'), JSON.stringify(testConfig({ anthropic: vendor.baseUrl })));
	await using again = await startBox({ anthropic: vendor.baseUrl, dataDir: target.dataDir });
	// The first box's own key opens it now: its members came along.
	const { status, json } = await admin(again.url, box.key, 'GET', '/members');
	expect(status).toBe(200);
	expect((json as MembersReport).members.map(({ name }) => name)).toEqual(['owner']);
	expect(((await admin(again.url, box.key, 'GET', '/calls')).json as CallsReport).calls.length).toBeGreaterThan(3);
});
