import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../appliance/protocol/deployment.ts';
import type { CloudClient, HeaderMap, UpstreamReply } from '../../appliance/protocol/ports.ts';
import { createCloudClient, type Upstream } from '../../appliance/provider/cloud/cloud-client.ts';
import { type Answer, type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';

const deployment = { id: 'opus', provider: 'p' } as Deployment;
const open: AsyncDisposable[] = [];
afterEach(async () => {
	for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function upstreamWith(answer: Answer): Promise<LoopbackUpstream> {
	const upstream = await startUpstream(answer);
	open.push(upstream);
	return upstream;
}

function clientFor(baseUrl: string, over: Partial<Upstream> = {}): CloudClient {
	const upstream: Upstream = {
		baseUrl,
		auth: 'x-api-key',
		key: 'deployment-key',
		connectTimeoutMs: 500,
		firstByteTimeoutMs: 5_000,
		idleTimeoutMs: 5_000,
		...over,
	};
	const client = createCloudClient(() => upstream);
	open.push({ [Symbol.asyncDispose]: () => client.close() });
	return client;
}

interface Sent {
	headers?: HeaderMap;
	body?: Uint8Array;
	signal?: AbortSignal;
}
const send = (client: CloudClient, { headers = {}, body = Buffer.from('{}'), signal = new AbortController().signal }: Sent = {}) =>
	client.send({ deployment, dialect: 'anthropic', path: '/v1/messages?beta=true', headers, body, signal });

async function readAll(reply: UpstreamReply): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of reply.body) chunks.push(chunk);
	return Buffer.concat(chunks);
}

describe('request', () => {
	it('passes path, query, odd headers and the bytes, strips what is the caller’s own, puts the key in', async () => {
		const upstream = await upstreamWith((_, response) => response.end('{}'));
		const client = clientFor(`${upstream.baseUrl}/base/`);
		const body = Buffer.from('{"a":1.0,"a":1152921504606846976,"\\ud800":"\u0000é"}');
		const reply = await send(client, {
			body,
			headers: {
				'anthropic-version': '2023-06-01',
				'anthropic-beta': 'a-1,b-2',
				'x-odd': ['one', 'two'],
				'x-named': 'hop',
				'content-type': 'application/json; charset=utf-8',
				connection: 'keep-alive, X-Named',
				authorization: 'Bearer caller',
				'x-api-key': 'caller',
				'x-innerloop-key': 'caller',
				'x-innerloop-tier': 'mid',
				cookie: 'a=b',
				host: 'box.local',
				'content-length': '9999',
				'accept-encoding': 'gzip',
				'x-forwarded-for': '10.0.0.1',
				via: '1.1 x',
				te: 'trailers',
				'transfer-encoding': 'chunked',
			},
		});
		await readAll(reply);
		const [got] = upstream.received;
		expect(got?.body.equals(body)).toBe(true);
		expect(got?.url).toBe('/base/v1/messages?beta=true');
		expect(got?.headers).toEqual({
			host: upstream.baseUrl.slice('http://'.length),
			connection: 'keep-alive',
			'accept-encoding': 'identity',
			'x-api-key': 'deployment-key',
			'anthropic-version': '2023-06-01',
			'anthropic-beta': 'a-1,b-2',
			'x-odd': 'one, two',
			'content-type': 'application/json; charset=utf-8',
			'content-length': String(body.length),
		});
	});

	it('cannot be made to write a second header or request', async () => {
		const upstream = await upstreamWith((_, response) => response.end('{}'));
		const client = clientFor(upstream.baseUrl);
		await readAll(await send(client, { headers: { 'x-evil': 'a\r\nx-injected: 1\r\n\r\nGET /x HTTP/1.1', 'x-good': 'yes' } }));
		expect(upstream.received).toHaveLength(1);
		expect(upstream.received[0]?.headers).not.toHaveProperty('x-injected');
		expect(upstream.received[0]?.headers).toMatchObject({ 'x-good': 'yes' });
	});

	it('sends the key as the provider wants it', async () => {
		const upstream = await upstreamWith((_, response) => response.end('{}'));
		await readAll(await send(clientFor(upstream.baseUrl, { auth: 'bearer' })));
		await readAll(await send(clientFor(upstream.baseUrl, { auth: 'none' })));
		expect(upstream.received.map(({ headers }) => [headers.authorization, headers['x-api-key']])).toEqual([
			['Bearer deployment-key', undefined],
			[undefined, undefined],
		]);
	});

	it('keeps its connections for the next calls', async () => {
		const upstream = await upstreamWith((_, response) => response.end('{}'));
		const client = clientFor(upstream.baseUrl);
		for (let i = 0; i < 10; i++) await readAll(await send(client));
		expect(upstream.connections()).toBeLessThanOrEqual(2);
	});
});

describe('reply', () => {
	it('passes an error status, retry-after and rate limits, and stops cookies and CORS', async () => {
		const upstream = await upstreamWith((_, response) => {
			response.writeHead(529, {
				'retry-after': '7',
				'anthropic-ratelimit-requests-remaining': '0',
				'set-cookie': ['a=b'],
				'access-control-allow-origin': '*',
				'x-innerloop-call': 'forged',
				'request-id': 'req_1',
			});
			response.end('{"type":"error"}');
		});
		const reply = await send(clientFor(upstream.baseUrl));
		expect(reply.status).toBe(529);
		expect(reply.headers).toMatchObject({ 'retry-after': '7', 'anthropic-ratelimit-requests-remaining': '0', 'request-id': 'req_1' });
		for (const name of ['set-cookie', 'access-control-allow-origin', 'x-innerloop-call', 'connection', 'transfer-encoding'])
			expect(reply.headers).not.toHaveProperty(name);
		expect(String(await readAll(reply))).toBe('{"type":"error"}');
	});

	it('holds an upstream back while nobody reads', async () => {
		const total = 64 * 1024 * 1024;
		let written = 0;
		const upstream = await upstreamWith((_, response) => {
			const chunk = Buffer.alloc(1024 * 1024, 120);
			const pour = () => {
				while (written < total) {
					written += chunk.length;
					if (!response.write(chunk)) return response.once('drain', pour);
				}
				return response.end();
			};
			pour();
		});
		const reply = await send(clientFor(upstream.baseUrl));
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(written).toBeLessThan(total / 2);
		expect((await readAll(reply)).length).toBe(total);
	});

	it('fails a body that was cut, chunked or counted', async () => {
		for (const headers of [{}, { 'content-length': '100' }]) {
			const upstream = await upstreamWith((_, response) => {
				response.writeHead(200, headers);
				response.write('half');
				setTimeout(() => response.destroy(), 20);
			});
			const reply = await send(clientFor(upstream.baseUrl));
			await expect(readAll(reply)).rejects.toMatchObject({ code: 'upstream-failed', isRetryable: true, details: { wasSent: true } });
		}
	});

	it('does not follow a redirect', async () => {
		const upstream = await upstreamWith((_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end());
		await expect(send(clientFor(upstream.baseUrl))).rejects.toMatchObject({ code: 'upstream-failed', isRetryable: true });
	});
});

describe('failure', () => {
	it('says that a refused connection never carried the call', async () => {
		const upstream = await startUpstream(() => {});
		await upstream[Symbol.asyncDispose]();
		await expect(send(clientFor(upstream.baseUrl))).rejects.toMatchObject({
			code: 'upstream-failed',
			details: { wasSent: false, errorCode: 'ECONNREFUSED' },
		});
	});

	it('times out on a silent head and on a silent body', async () => {
		const silent = await upstreamWith(() => {});
		await expect(send(clientFor(silent.baseUrl, { firstByteTimeoutMs: 100 }))).rejects.toMatchObject({ code: 'upstream-timeout' });
		const stalled = await upstreamWith((_, response) => {
			response.writeHead(200);
			response.write('x');
		});
		const reply = await send(clientFor(stalled.baseUrl, { idleTimeoutMs: 100 }));
		await expect(readAll(reply)).rejects.toMatchObject({ code: 'upstream-timeout', details: { wasSent: true } });
	});

	it('wraps what is not HTTP', async () => {
		const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
		await new Promise((resolve) => server.once('listening', resolve));
		open.push({ [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())) });
		const address = server.address();
		const port = typeof address === 'object' ? address?.port : 0;
		await expect(send(clientFor(`http://127.0.0.1:${port}`))).rejects.toMatchObject({ code: 'upstream-failed' });
	});

	it('passes an abort on at once, before and after the first byte', async () => {
		const upstream = await upstreamWith(() => {});
		const before = new AbortController();
		const sent = send(clientFor(upstream.baseUrl), { signal: before.signal });
		while (upstream.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
		let at = performance.now();
		before.abort();
		await expect(sent).rejects.toMatchObject({ code: 'canceled' });
		expect(((await upstream.received[0]?.aborted) ?? Number.NaN) - at).toBeLessThan(200);

		upstream.answer = (_, response) => void response.write('first');
		const after = new AbortController();
		const reply = await send(clientFor(upstream.baseUrl), { signal: after.signal });
		const reading = readAll(reply);
		at = performance.now();
		after.abort();
		await expect(reading).rejects.toMatchObject({ code: 'canceled' });
		expect(((await upstream.received[1]?.aborted) ?? Number.NaN) - at).toBeLessThan(200);
	});

	it('sends nothing for a call that was given up before', async () => {
		const upstream = await upstreamWith((_, response) => response.end());
		await expect(send(clientFor(upstream.baseUrl), { signal: AbortSignal.abort() })).rejects.toMatchObject({
			code: 'canceled',
			details: { wasSent: false },
		});
		expect(upstream.received).toHaveLength(0);
	});
});
