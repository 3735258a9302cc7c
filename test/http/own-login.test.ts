import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewKeyReport, SpendReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, type Received, startUpstream } from './support/loopback-upstream.ts';
import { admin, ask, startBox, TEST_ENV, type TestBox } from './support/start-box.ts';

const LOGIN = 'sk-ant-oat01-of-ada-SECRET';
const ACCOUNT = 'account-of-ada-SECRET';
const BETA = 'claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14';
const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1000,"output_tokens":500}}';

const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, source: 'test', date: '2026-01-01' };
const window = { contextTokens: 200_000, maxOutputTokens: 32_000, price: PRICE };

let vendor: LoopbackUpstream;
let other: LoopbackUpstream;
let box: TestBox;
let ada: string;
let paid: string;
let bob: string;

const config = () => ({
	log: { level: 'trace', hasPromptText: true },
	providers: {
		anthropic: {
			baseUrl: vendor.baseUrl,
			dialects: ['anthropic'],
			keyEnv: 'TEST_ANTHROPIC_KEY',
			auth: 'x-api-key',
			passThrough: { members: ['ada', 'ada-paid'], tokenPrefix: 'sk-ant-' },
		},
		other: { baseUrl: other.baseUrl, dialects: ['anthropic'], keyEnv: 'TEST_OPENAI_KEY', auth: 'bearer' },
	},
	deployments: [
		{ id: 'opus', provider: 'anthropic', model: 'claude-opus-4-8', tier: 'frontier', ...window },
		{ id: 'twin', provider: 'other', model: 'claude-opus-4-8', tier: 'frontier', order: 1, ...window },
		{ id: 'odd', provider: 'anthropic', model: 'not-priced', tier: 'frontier', order: 2, contextTokens: 200_000, maxOutputTokens: 9_000 },
	],
});

const well = (_: Received, response: Parameters<LoopbackUpstream['answer']>[1]) =>
	void response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY);

async function memberKey(name: string, budgets = {}): Promise<string> {
	await box.admin('POST', '/members', { name, ...budgets });
	return ((await box.admin('POST', '/keys', { member: name, mayForce: true })).json as NewKeyReport).secret;
}

beforeAll(async () => {
	vendor = await startUpstream(well);
	other = await startUpstream(well);
});
afterAll(async () => {
	await vendor[Symbol.asyncDispose]();
	await other[Symbol.asyncDispose]();
});
beforeEach(async () => {
	for (const one of [vendor, other]) {
		one.received.length = 0;
		one.answer = well;
	}
	box = await startBox({ config: config() });
	ada = await memberKey('ada', { dayUsd: 0 });
	paid = await memberKey('ada-paid');
	bob = await memberKey('bob');
	return () => box[Symbol.asyncDispose]();
});

const withLogin = (key: string, over: Readonly<Record<string, string>> = {}) => ({
	'x-api-key': 'sk-ant-api-of-ada-SECRET',
	'x-innerloop-key': key,
	authorization: `Bearer ${LOGIN}`,
	'chatgpt-account-id': ACCOUNT,
	'anthropic-beta': BETA,
	...over,
});
/** Long enough an answer that its role is the outer one. */
const turn = (text: string, over = {}) => ask(text, { max_tokens: 4_000, ...over });
const callWith = (headers: Readonly<Record<string, string>>, body: unknown = turn('x')) => box.call('/v1/messages', body, { headers });
const outcomeOf = async (id: unknown) => ((await box.admin('GET', `/explain/${String(id)}`)).json as CallRecord).outcome;
const seen = (upstream: LoopbackUpstream) =>
	upstream.received.map(({ rawHeaders, url, body }) => JSON.stringify([rawHeaders, url, `${body}`])).join();

describe('a caller’s own login', () => {
	it('goes to its vendor untouched, instead of the key of the box, with the body as it came', async () => {
		const body = JSON.stringify(turn('x', { thinking: { type: 'adaptive' }, unknown_field: 1 }));
		const reply = await callWith(withLogin(ada), body);
		expect(reply.text).toBe(REPLY);
		expect(reply.headers['x-innerloop-reasons']).toContain('own-login');
		const [got] = vendor.received;
		expect(got?.headers).toMatchObject({ authorization: `Bearer ${LOGIN}`, 'chatgpt-account-id': ACCOUNT, 'anthropic-beta': BETA });
		expect(got?.headers['x-api-key']).toBeUndefined();
		expect(got?.headers['x-innerloop-key']).toBeUndefined();
		expect(got?.body.toString()).toBe(body);
		expect(seen(vendor)).not.toContain(ada);
		expect(seen(vendor)).not.toContain(TEST_ENV.TEST_ANTHROPIC_KEY);
	});

	it('counts in tokens, not in dollars, and is served when the budget is zero', async () => {
		const reply = await callWith(withLogin(ada));
		expect(await outcomeOf(reply.headers['x-innerloop-call'])).toMatchObject({
			deployment: 'opus',
			status: 200,
			costNanoUsd: 0,
			isCostBound: false,
			isOwnLogin: true,
			inputTokens: 1_000,
			outputTokens: 500,
		});
		const { rows } = (await box.admin('GET', '/spend')).json as SpendReport;
		expect(rows.filter(({ name }) => name === 'ada').map((row) => row.settledNanoUsd + row.reservedNanoUsd)).toEqual([0, 0]);
		const { json } = await admin(box.url, box.key, 'GET', '/calls?limit=1');
		expect((json as { calls: CallRecord[] }).calls[0]?.decision.reservedNanoUsd).toBe(0);
		const metrics = await box.call('/metrics', '', { method: 'GET' });
		expect(metrics.text).toMatch(/innerloop_own_login_tokens_total\{tier="frontier",deployment="opus",kind="input"\} \d+/);
		expect((await callWith({ 'x-innerloop-key': ada })).status).toBe(402);
	});

	it('keeps the caller’s caps, and takes models without a price', async () => {
		const greedy = JSON.stringify(turn('x', { max_tokens: 64_000 }));
		await callWith(withLogin(ada), greedy);
		expect(vendor.received[0]?.body.toString()).toBe(greedy);
		await callWith(withLogin(ada), turn('x', { model: 'not-priced' }));
		expect(JSON.parse(String(vendor.received[1]?.body)).model).toBe('not-priced');
	});

	it.each([
		['of a member who may not', () => withLogin(bob)],
		['that is not of the vendor’s kind', () => withLogin(paid, { authorization: 'Bearer sk-proj-SECRET' })],
		['that is a key of this box', () => withLogin(paid, { authorization: `Bearer ${bob}` })],
	])('%s stays here: the key of the box is sent, without the login’s flag', async (_, headers) => {
		expect((await callWith(headers())).status).toBe(200);
		const sent = seen(vendor);
		for (const secret of ['SECRET', bob, paid, 'oauth-']) expect(sent).not.toContain(secret);
		expect(vendor.received[0]?.headers).toMatchObject({
			'x-api-key': TEST_ENV.TEST_ANTHROPIC_KEY,
			'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
		});
	});

	it('never follows a fallback to another vendor', async () => {
		const rich = await memberKey('ada-rich');
		await box.writeConfig({ ...fullConfig(), providers: withMembers('all') });
		await expect.poll(async () => (await callWith(withLogin(rich))).headers['x-innerloop-reasons']).toContain('own-login');
		for (const one of [vendor, other]) one.received.length = 0;
		vendor.answer = (_, response) => void response.writeHead(529).end('{}');
		const reply = await callWith(withLogin(rich));
		expect(reply.headers['x-innerloop-deployment']).toBe('twin');
		expect(other.received[0]?.headers.authorization).toBe(`Bearer ${TEST_ENV.TEST_OPENAI_KEY}`);
		for (const secret of ['SECRET', 'oauth-', rich]) expect(seen(other)).not.toContain(secret);
		expect((await outcomeOf(reply.headers['x-innerloop-call']))?.isOwnLogin).toBeUndefined();
		expect((await outcomeOf(reply.headers['x-innerloop-call']))?.costNanoUsd).toBe(1_000 * 3_000 + 500 * 15_000);
	});

	it('never follows a redirect, nor where one repeats it', async () => {
		vendor.answer = (got, response) =>
			void response.writeHead(307, { location: `${other.baseUrl}/v1/messages?token=${got.headers.authorization}` }).end();
		const reply = await callWith(withLogin(ada));
		expect(reply.status).toBe(502);
		expect(other.received).toHaveLength(0);
		expect(reply.text).not.toContain(LOGIN);
	});

	it.each([401, 403])('hears the vendor’s own %i, and no other caller suffers for it', async (status) => {
		const words = `{"type":"error","error":{"type":"authentication_error","message":"expired: ${LOGIN}"}}`;
		vendor.answer = (got, response) =>
			got.headers.authorization === undefined ? well(got, response) : void response.writeHead(status).end(words);
		expect(await callWith(withLogin(ada))).toMatchObject({ status, text: words });
		const reply = await callWith({ 'x-innerloop-key': bob });
		expect(reply.headers['x-innerloop-deployment']).toBe('opus');
		expect(reply.headers['x-innerloop-reasons']).not.toContain('resting');
	});

	it('whose plan is used up does not put the deployment to rest', async () => {
		vendor.answer = (got, response) =>
			got.headers.authorization === undefined ? well(got, response) : void response.writeHead(429, { 'retry-after': '3600' }).end('{}');
		expect((await callWith(withLogin(ada))).status).toBe(429);
		expect((await callWith({ 'x-innerloop-key': bob })).headers['x-innerloop-deployment']).toBe('opus');
	});

	it('of each caller is sent for that caller alone', async () => {
		const logins = Array.from({ length: 20 }, (_, at) => `sk-ant-oat01-number-${at}`);
		await Promise.all(logins.map((login, at) => callWith(withLogin(ada, { authorization: `Bearer ${login}` }), turn(`call ${at}.`))));
		for (const { headers, body } of vendor.received) {
			const at = /call (\d+)\./.exec(body.toString())?.[1];
			expect(headers.authorization).toBe(`Bearer sk-ant-oat01-number-${at}`);
		}
		expect(vendor.received).toHaveLength(20);
	});

	it('is written down nowhere: log with texts at trace level, data, metrics, admin answers', async () => {
		vendor.answer = (got, response) => void response.writeHead(400).end(`{"error":{"message":"${got.headers.authorization}"}}`);
		await callWith(withLogin(ada));
		vendor.answer = well;
		await callWith(withLogin(ada));
		vendor.answer = (_, response) => void response.destroy();
		await callWith(withLogin(ada));
		box.service.flushLog();
		const answers = await Promise.all(
			['/calls?limit=1000', '/status', '/spend', '/deployments', '/members', '/keys'].map((path) => box.admin('GET', path)),
		);
		const texts = [JSON.stringify(answers), (await box.call('/metrics', '', { method: 'GET' })).text];
		for (const name of await readdir(box.dataDir)) texts.push(await readFile(join(box.dataDir, name), 'latin1'));
		const all = texts.join();
		expect(all.includes('[login]') && all.includes('well')).toBe(true);
		expect([LOGIN, ACCOUNT, 'sk-ant-api-of-ada', 'oat01'].filter((secret) => all.includes(secret))).toEqual([]);
	});
});

const withMembers = (members: 'all' | readonly string[]) => {
	const { providers } = config();
	return { ...providers, anthropic: { ...providers.anthropic, passThrough: { members } } };
};
const fullConfig = () => ({ version: 1, server: { port: 0 }, local: { isEnabled: false }, ...config() });

describe('by default', () => {
	it('no login passes', async () => {
		await using plain = await startBox({ anthropic: vendor.baseUrl });
		const headers = withLogin(plain.key);
		expect((await plain.call('/v1/messages', turn('x'), { headers })).status).toBe(200);
		expect(vendor.received[0]?.headers['x-api-key']).toBe(TEST_ENV.TEST_ANTHROPIC_KEY);
		expect(seen(vendor)).not.toContain('SECRET');
	});

	it('a provider without a key of the box serves those who bring a login, and nobody else', async () => {
		const { anthropic } = withMembers('all');
		const { keyEnv: _, ...keyless } = anthropic;
		await using alone = await startBox({
			config: { ...config(), providers: { anthropic: keyless }, deployments: config().deployments.slice(0, 1) },
		});
		expect((await alone.call('/v1/messages', turn('x'), { headers: withLogin(alone.key) })).status).toBe(200);
		expect((await alone.call('/v1/messages', turn('x'))).status).toBe(503);
	});
});

describe('a ChatGPT login of Codex', () => {
	it('comes with its account and a zstd body to the address of its plan, which is no /v1', async () => {
		const chatgpt = {
			baseUrl: `${vendor.baseUrl}/backend-api/codex`,
			isVersioned: true,
			dialects: ['responses'],
			passThrough: { members: 'all' },
		};
		await using codex = await startBox({
			config: {
				providers: { chatgpt },
				deployments: [{ id: 'plan', provider: 'chatgpt', model: 'gpt-5.4', tier: 'frontier', ...window }],
			},
		});
		const answer = { id: 'resp_1', object: 'response', status: 'completed', output: [], usage: { input_tokens: 7, output_tokens: 3 } };
		vendor.answer = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
		const body = Buffer.from(
			JSON.stringify({ model: 'gpt-5.4', store: false, instructions: 'x', input: [{ role: 'user', content: 'hi' }] }),
		);
		const reply = await codex.call('/v1/responses', zstdCompressSync(body), {
			headers: {
				'content-encoding': 'zstd',
				'x-innerloop-key': codex.key,
				authorization: 'Bearer eyJ.login.SECRET',
				'chatgpt-account-id': ACCOUNT,
				'user-agent': 'codex_exec/0.169.0 (Debian 12; x86_64)',
			},
		});
		expect(reply.status).toBe(200);
		const [got] = vendor.received;
		expect(got?.url).toBe('/backend-api/codex/responses');
		expect(got?.headers).toMatchObject({ authorization: 'Bearer eyJ.login.SECRET', 'chatgpt-account-id': ACCOUNT });
		expect(got?.body.equals(body)).toBe(true);
		const record = (await codex.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`)).json as CallRecord;
		expect(record.outcome).toMatchObject({ isOwnLogin: true, costNanoUsd: 0, inputTokens: 7, outputTokens: 3 });
	});
});

describe('the configuration', () => {
	it.each([
		['an open way', { anthropic: { ...keyed('http://vendor.example'), passThrough: { members: 'all' } } }, 'https'],
		[
			'two vendors of one dialect',
			{
				a: { ...keyed('https://a.example'), passThrough: { members: 'all' } },
				b: { ...keyed('https://b.example'), passThrough: { members: 'all' } },
			},
			'one a dialect',
		],
		['nobody', { anthropic: { ...keyed('https://a.example'), passThrough: { members: [] } } }, 'passThrough'],
	])('with %s is refused', async (_, providers, words) => {
		await expect(startBox({ config: { providers, deployments: [] } })).rejects.toThrow(words);
	});
});

function keyed(baseUrl: string) {
	return { baseUrl, dialects: ['anthropic'], keyEnv: 'TEST_ANTHROPIC_KEY', auth: 'x-api-key' };
}
