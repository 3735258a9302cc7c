import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send, sendRaw } from './support/raw-client.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream(() => {});
	box = await startBox({
		anthropic: upstream.baseUrl,
		openai: upstream.baseUrl,
		config: {
			server: {
				port: 0,
				allowedHosts: ['box.example.com'],
				limits: { bodyBytes: 10_000, headerBytes: 8_192, headersTimeoutMs: 300, bodyTimeoutMs: 1_000, concurrentCalls: 2 },
			},
		},
	});
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

const json = { 'content-type': 'application/json' };
const MESSAGES = '/v1/messages';
const CHAT = '/v1/chat/completions';
/** The envelope of each dialect, so that its clients can read what is wrong. */
const envelope = (path: string) =>
	path === MESSAGES
		? { type: 'error', error: { type: expect.any(String), message: expect.any(String) } }
		: { error: { message: expect.any(String) } };

describe.each([MESSAGES, CHAT])('%s', (path) => {
	it.each([
		['without a key', {}],
		['with an unknown key', { 'x-api-key': 'il_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
		['with an endless key', { 'x-api-key': 'x'.repeat(5_000) }],
	])('says 401 %s, also on loopback', async (_, headers) => {
		const reply = await send(box.url + path, { headers: { ...json, ...headers }, body: '{}' });
		expect(reply.status).toBe(401);
		expect(JSON.parse(reply.text)).toMatchObject(envelope(path));
	});

	it.each(['x-api-key', 'x-innerloop-key', 'authorization'])('lets a key in as %s', async (name) => {
		const value = name === 'authorization' ? `Bearer ${box.key}` : box.key;
		const reply = await send(box.url + path, { headers: { ...json, [name]: value }, body: '{}' });
		expect(reply.status).toBe(400);
	});

	it.each(['text/plain', 'application/x-www-form-urlencoded', undefined])('says 415 to %s', async (type) => {
		const headers = { 'x-api-key': box.key, ...(type === undefined ? {} : { 'content-type': type }) };
		const reply = await send(box.url + path, { headers, body: '{}' });
		expect(reply.status).toBe(415);
		expect(JSON.parse(reply.text)).toMatchObject(envelope(path));
	});

	it.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON'])('takes %s', async (type) => {
		const reply = await send(box.url + path, { headers: { 'content-type': type, 'x-api-key': box.key }, body: '{}' });
		expect(reply.status).toBe(400);
	});

	it('says 413 to a long body, told by its length or not', async () => {
		const headers = { ...json, 'x-api-key': box.key };
		const told = await send(box.url + path, { headers, body: Buffer.alloc(10_001, 32) });
		expect(told.status).toBe(413);
		expect(JSON.parse(told.text)).toMatchObject(envelope(path));
		const untold = await send(box.url + path, { headers: { ...headers, 'transfer-encoding': 'chunked' }, body: Buffer.alloc(10_001, 32) });
		expect(untold.status).toBe(413);
	});

	it.each(['', 'null', '[]', '{', '{"model":1}', '\u0000', '{"model":"m"}x'])('says 400 to %j', async (body) => {
		const reply = await send(box.url + path, { headers: { ...json, 'x-api-key': box.key }, body });
		expect(reply.status).toBe(400);
		expect(JSON.parse(reply.text)).toMatchObject(envelope(path));
	});

	it('says 405 with the methods that it takes', async () => {
		const reply = await send(box.url + path, { method: 'GET', headers: { 'x-api-key': box.key } });
		expect(reply.status).toBe(405);
		expect(JSON.parse(reply.text)).toMatchObject(envelope(path));
		expect(reply.text).toContain('POST');
	});
});

describe('host names', () => {
	const get = (host: string) => sendRaw(box.url, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

	it.each(['127.0.0.1:7341', 'localhost', 'innerloop.local', 'box.example.com:80', '[::1]:7341'])('answers to %s', async (host) => {
		expect(await get(host)).toMatch(/^HTTP\/1.1 200/);
	});

	it.each(['evil.example', '', 'box.example.com.evil.example'])('refuses %j', async (host) => {
		const reply = await get(host);
		expect(reply).toMatch(/^HTTP\/1.1 403/);
		expect(reply).toContain('server.allowedHosts');
	});

	it('refuses a page of another site', async () => {
		const reply = await send(`${box.url}/healthz`, { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } });
		expect(reply.status).toBe(403);
		expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
	});

	it('gives no CORS answer to a preflight', async () => {
		const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
		const reply = await send(box.url + MESSAGES, { method: 'OPTIONS', headers });
		expect(reply.status).toBe(405);
		expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
	});
});

describe('limits of the socket', () => {
	it('refuses a long head', async () => {
		const reply = await sendRaw(box.url, `GET /healthz HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`);
		expect(reply).toMatch(/^HTTP\/1.1 431/);
		expect(reply).toContain('"type":"error"');
	});

	it('closes on a head that never ends, and on a body that never ends', async () => {
		expect(await sendRaw(box.url, 'GET /healthz HTTP/1.1\r\nHost: loc', 5_000)).toMatch(/^HTTP\/1.1 408/);
		const head = `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${box.key}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`;
		expect(await sendRaw(box.url, head, 5_000)).toMatch(/^HTTP\/1.1 408/);
	});

	it('answers what is not HTTP with a 400 that clients can read', async () => {
		expect(await sendRaw(box.url, 'SSH-2.0-x\r\n\r\n')).toMatch(/^HTTP\/1.1 400[\s\S]*invalid_request_error/);
	});

	it('serves so many calls at once and tells the others when to come again', async () => {
		const gone = new AbortController();
		const held = [1, 2].map(() => box.call(MESSAGES, ask('x'), { signal: gone.signal }).catch(() => undefined));
		while (box.service.runningCalls() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
		for (const path of [MESSAGES, CHAT]) {
			const reply = await box.call(path, ask('x'));
			expect([reply.status, reply.headers['retry-after']]).toEqual([429, '1']);
			expect(JSON.parse(reply.text)).toMatchObject(envelope(path));
		}
		gone.abort();
		await Promise.all(held);
	});
});

it('holds only so many large bodies at once', async () => {
	const hold = (length: number) =>
		sendRaw(
			box.url,
			`POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${box.key}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n{`,
			700,
		);
	const held = Array.from({ length: 8 }, () => hold(10_000));
	await new Promise((resolve) => setTimeout(resolve, 100));
	expect(await hold(10_000)).toMatch(/^HTTP\/1.1 429[\s\S]*retry-after: 1/i);
	await Promise.all(held);
	expect((await box.call(MESSAGES, '{}')).status).toBe(400);
});

describe('other addresses', () => {
	it('answers probes without a key', async () => {
		expect((await send(`${box.url}/`, { method: 'HEAD' })).status).toBe(200);
		expect((await send(`${box.url}/`, { method: 'GET' })).status).toBe(200);
		expect(JSON.parse((await send(`${box.url}/healthz`, { method: 'GET' })).text)).toEqual({ status: 'ok' });
		expect(JSON.parse((await send(`${box.url}/readyz`, { method: 'GET' })).text)).toMatchObject({ status: 'ready' });
	});

	it.each([
		['/v1/messages/batches', 'anthropic'],
		['/v1/embeddings', 'chat'],
		['/nothing', 'chat'],
	])('says 404 at %s in the %s envelope, with what there is', async (path, dialect) => {
		const reply = await send(box.url + path, { headers: { ...json, 'x-api-key': box.key }, body: '{}' });
		expect(reply.status).toBe(404);
		expect(JSON.parse(reply.text)).toMatchObject(envelope(dialect === 'anthropic' ? MESSAGES : CHAT));
		expect(reply.text).toContain('/v1/chat/completions');
	});

	it.each(['/metrics', '/v1/models', '/innerloop/v1/status', '/innerloop/v1/keys'])('needs a key at %s', async (path) => {
		expect((await send(box.url + path, { method: 'GET' })).status).toBe(401);
	});

	it('lists the models in the shape of the dialect that asks', async () => {
		const list = async (headers: Record<string, string>) =>
			JSON.parse((await send(`${box.url}/v1/models?limit=1000`, { method: 'GET', headers: { 'x-api-key': box.key, ...headers } })).text);
		const anthropic = await list({ 'anthropic-version': '2023-06-01' });
		expect(anthropic).toMatchObject({
			has_more: false,
			data: expect.arrayContaining([expect.objectContaining({ type: 'model', id: 'claude-opus-4-8' })]),
		});
		const openai = await list({});
		expect(openai).toMatchObject({
			object: 'list',
			data: expect.arrayContaining([expect.objectContaining({ object: 'model', id: 'gpt-5.4' })]),
		});
		const one = await send(`${box.url}/v1/models/gpt-5.4`, { method: 'GET', headers: { 'x-api-key': box.key } });
		expect(JSON.parse(one.text)).toMatchObject({ id: 'gpt-5.4', object: 'model' });
		expect((await send(`${box.url}/v1/models/none`, { method: 'GET', headers: { 'x-api-key': box.key } })).status).toBe(404);
	});
});
