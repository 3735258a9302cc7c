import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../appliance/config/load-config.ts';
import type { AlertsReport, NewKeyReport } from '../../appliance/protocol/admin.ts';
import { checkedLookup, sendWebhook } from '../../appliance/provider/webhook/send-webhook.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { admin, ask, startBox, TEST_ENV, type TestBox, testConfig } from './support/start-box.ts';

/** Of the test's environment, which every box has. */
const SECRET_ENV = 'TEST_OPENAI_KEY';
const SECRET = TEST_ENV.TEST_OPENAI_KEY;
/** A call costs 10 × $3 + 50,000 × $15 a million: $0.75. */
const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":50000}}';

let upstream: LoopbackUpstream;
let receiver: LoopbackUpstream;
let dataDir: string;
let box: TestBox;
let key: string;
let owner: string;

const config = (url: string, over = {}) => ({
	budgets: { treeUsd: 1_000, teamDayUsd: 1_000, teamMonthUsd: 10_000 },
	alerts: { webhooks: { ops: { url, secretEnv: SECRET_ENV } } },
	...over,
});
const restart = async (url: string) => {
	await box[Symbol.asyncDispose]();
	box = await startBox({ anthropic: upstream.baseUrl, dataDir, config: config(url) });
};
const call = (secret = key, over = {}) =>
	box.call('/v1/messages', ask('x', { max_tokens: 4_000, ...over }), { headers: { 'x-api-key': secret } });
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
const marks = () => bodies().map(({ scope, period, sharePercent, event }) => `${scope} ${period} ${sharePercent ?? event}`);
const today = () => new Date().toISOString().slice(0, 10);
const listed = async () => ((await admin(box.url, owner, 'GET', '/alerts')).json as AlertsReport).alerts;

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(async () => {
	receiver = await startUpstream((_, response) => response.writeHead(204).end());
	dataDir = await mkdtemp(join(tmpdir(), 'innerloop-alerts-'));
	box = await startBox({ anthropic: upstream.baseUrl, dataDir, config: config(`${receiver.baseUrl}/hook?token=of-the-hook`) });
	owner = box.key;
	await box.admin('POST', '/members', { name: 'ada', dayUsd: 2 });
	key = ((await box.admin('POST', '/keys', { member: 'ada' })).json as NewKeyReport).secret;
});
afterEach(async () => {
	await box[Symbol.asyncDispose]();
	await receiver[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

describe('a budget', () => {
	it('tells each share once, signed, and what refuses a call', async () => {
		await call();
		await delay(600);
		expect(marks()).toEqual([]);
		await call();
		await expect.poll(marks).toEqual([`member ${today()} 50`]);
		const [got] = receiver.received;
		const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(got?.headers['x-innerloop-signature'])) ?? [];
		expect(createHmac('sha256', SECRET).update(`${seconds}.${got?.body}`).digest('hex')).toBe(hex);
		expect(Math.abs(Date.now() / 1_000 - Number(seconds))).toBeLessThan(60);
		expect(got?.url).toBe('/hook?token=of-the-hook');
		expect(bodies()[0]).toMatchObject({
			id: got?.headers['x-innerloop-alert'],
			event: 'share-reached',
			name: 'ada',
			sharePercent: 50,
			ceilingUsd: 2,
			spentUsd: 1.50006,
			text: `ada has spent 50 % of the budget: $1.5001 of $2.0000 (${today()}).`,
		});
		const refused = await call(key, { max_tokens: 32_000, messages: [{ role: 'user', content: 'word '.repeat(100_000) }] });
		expect(refused.status).toBe(402);
		await expect.poll(marks).toEqual([`member ${today()} 50`, `member ${today()} call-refused`]);
		await call();
		await expect.poll(marks).toEqual([`member ${today()} 50`, `member ${today()} call-refused`, `member ${today()} 100`]);
		for (let at = 0; at < 3; at += 1) await call();
		await delay(600);
		expect(marks()).toHaveLength(3);
		await expect.poll(async () => (await listed()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
	});

	it('of a tree tells when the tree is at its end', async () => {
		const small = ((await box.admin('POST', '/keys', { member: 'owner', treeCeilingUsd: 0.01 })).json as NewKeyReport).secret;
		const refused = await call(small, { max_tokens: 32_000, messages: [{ role: 'user', content: 'word '.repeat(20_000) }] });
		expect(refused.status).toBe(402);
		await expect.poll(bodies).toMatchObject([{ event: 'call-refused', scope: 'tree', name: 'owner', ceilingUsd: 0.01 }]);
	});

	it('says nothing of what was said, and the log nothing of address and secret', async () => {
		await call(key, { system: 'a-word-of-the-prompt' });
		await call(key, { system: 'a-word-of-the-prompt' });
		await expect.poll(marks).toHaveLength(1);
		receiver.answer = (_, response) => void response.writeHead(500).end();
		await call();
		await expect.poll(() => receiver.received.length).toBe(2);
		expect(JSON.stringify(bodies())).not.toContain('a-word-of-the-prompt');
		await expect
			.poll(async () => {
				box.service.flushLog();
				return await readFile(box.logFile, 'utf8');
			})
			.toContain('The webhook answered 500.');
		const log = await readFile(box.logFile, 'utf8');
		expect(['of-the-hook', SECRET].filter((secret) => log.includes(secret))).toEqual([]);
	});
});

describe('a restart', () => {
	it('tells nothing a second time', async () => {
		await call();
		await call();
		await expect.poll(async () => (await listed()).map(({ state }) => state), { timeout: 20_000 }).toEqual(['sent']);
		await restart(`${receiver.baseUrl}/hook`);
		await call();
		await expect.poll(marks).toEqual([`member ${today()} 50`, `member ${today()} 100`]);
		// Received is not yet written down as sent, and what is not would be told again.
		await expect.poll(async () => (await listed()).map(({ state }) => state), { timeout: 20_000 }).toEqual(['sent', 'sent']);
		await restart(`${receiver.baseUrl}/hook`);
		await delay(600);
		expect(marks()).toHaveLength(2);
	});

	it('brings what a dead receiver did not take, once, and no call waits for it', async () => {
		const { port } = new URL(receiver.baseUrl);
		await receiver[Symbol.asyncDispose]();
		await call();
		await call();
		await expect.poll(async () => (await listed()).map(({ state }) => state)).toEqual(['queued']);
		expect((await call()).status).toBe(200);
		await box[Symbol.asyncDispose]();
		receiver = await startUpstream((_, response) => response.writeHead(200).end());
		expect(new URL(receiver.baseUrl).port).not.toBe(port);
		box = await startBox({ anthropic: upstream.baseUrl, dataDir, config: config(receiver.baseUrl) });
		await expect.poll(() => marks().toSorted()).toEqual([`member ${today()} 100`, `member ${today()} 50`]);
		await expect.poll(async () => (await listed()).map(({ state }) => state)).toEqual(['sent', 'sent']);
	});

	it('or not, a receiver that fails for a while gets it later, under the same id', async () => {
		receiver.answer = (_, response) => void response.writeHead(receiver.received.length < 3 ? 503 : 200).end();
		await call();
		await call();
		await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(3);
		expect(new Set(receiver.received.map(({ headers }) => headers['x-innerloop-alert'])).size).toBe(1);
		await expect.poll(async () => (await listed()).map(({ state }) => state)).toEqual(['sent']);
	});

	it('follows no redirect', async () => {
		receiver.answer = (got, response) => void response.writeHead(got.url === '/other' ? 200 : 307, { location: '/other' }).end();
		await call();
		await call();
		await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBeGreaterThan(1);
		expect(receiver.received.map(({ url }) => url)).not.toContain('/other');
	});
});

describe('addresses', () => {
	const load = (webhook: unknown, env = {}) =>
		loadConfig(Buffer.from(JSON.stringify({ version: 1, alerts: { webhooks: { ops: webhook } } })), { ...TEST_ENV, ...env });

	it.each([
		['http://169.254.169.254/latest', 'metadata'],
		['https://metadata.google.internal/', 'metadata'],
		['http://hooks.example.com/x', 'unencrypted'],
		['https://user:word@hooks.example.com/x', 'user name'],
		['ftp://hooks.example.com/x', 'url'],
	])('like %s are refused by the configuration', (url, words) => {
		const result = load({ url, secretEnv: SECRET_ENV });
		expect(result.ok ? '' : JSON.stringify(result.errors)).toContain(words);
	});

	it.each(['https://hooks.example.com/x?sig=1', 'http://192.168.1.9:8080/x', 'http://127.0.0.1:1/x', 'http://10.1.2.3/x'])(
		'like %s are taken',
		(url) => {
			expect(load({ url, secretEnv: SECRET_ENV }).ok).toBe(true);
		},
	);

	it('may come from the environment, where they are looked at as well', () => {
		const webhook = { urlEnv: 'HOOK_URL', secretEnv: SECRET_ENV };
		const warnings = (env: object) => {
			const result = load(webhook, env);
			return result.ok ? result.warnings.join() : 'refused';
		};
		expect(warnings({})).toContain('set HOOK_URL');
		expect(warnings({ HOOK_URL: 'http://169.254.169.254/' })).toContain('metadata');
		expect(warnings({ HOOK_URL: 'https://hooks.example.com/' })).not.toContain('webhook');
		expect(load({ urlEnv: 'HOOK_URL', url: 'https://x.example', secretEnv: SECRET_ENV }).ok).toBe(false);
		expect(load({ secretEnv: SECRET_ENV }).ok).toBe(false);
	});

	it('that a name leads to are looked at when it is asked', () => {
		const ask = (address: string) => {
			let said: unknown;
			checkedLookup((_name, _options, callback) => callback(null, [{ address, family: 4 }]))(
				'hooks.example.com',
				{ all: true },
				(error) => {
					said = error?.message;
				},
			);
			return said;
		};
		expect(ask('169.254.169.254')).toContain('metadata');
		expect(ask('fe80::1')).toContain('link-local');
		expect(ask('93.184.216.34')).toBeUndefined();
	});

	it('that do not answer are not named in what is said', async () => {
		const { signal } = new AbortController();
		const send = (url: string) => sendWebhook({ url, secret: 's', id: 'i', body: '{}', wallMs: 0, signal });
		await expect(send('http://localhost:1/token-in-path')).rejects.toThrow(/^The webhook could not be reached \(ECONNREFUSED\)\.$/);
		await expect(send('http://nowhere.invalid/')).rejects.toThrow('could not be reached');
	});
});

describe('without a webhook', () => {
	it('nothing is looked at', async () => {
		await box.writeConfig(testConfig({ anthropic: upstream.baseUrl }));
		await delay(700);
		await call();
		await call();
		await delay(600);
		expect(receiver.received).toHaveLength(0);
		expect(await listed()).toEqual([]);
	});
});
