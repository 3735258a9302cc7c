import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Egress } from '../../appliance/provider/cloud/proxy-for.ts';
import { sendWebhook } from '../../appliance/provider/webhook/send-webhook.ts';
import { makeSelfSigned } from '../support/self-signed.ts';
import { startService } from '../support/start-service.ts';
import { startUpstream } from './support/loopback-upstream.ts';
import { startProxy } from './support/proxy-stand-in.ts';
import { send } from './support/raw-client.ts';
import { startBox } from './support/start-box.ts';
import { figures, provider, reply } from './support/two-deployments.ts';

const signed = makeSelfSigned();
let folder: string;
let caFile: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'innerloop-egress-'));
	caFile = join(folder, 'ca.pem');
	await writeFile(caFile, signed.cert);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An upstream that only speaks TLS, by a certificate that nobody else trusts. */
async function startTls(answer: RequestListener) {
	const heard: string[] = [];
	let connections = 0;
	const server = createServer({ cert: signed.cert, key: signed.key }, (request, response) => {
		heard.push(`${request.method} ${request.url} ${request.headers['x-api-key']}`);
		request.resume().on('end', () => answer(request, response));
	});
	server.on('secureConnection', () => {
		connections += 1;
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		baseUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		heard,
		connections: () => connections,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

const well: RequestListener = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(reply('model-a'));

const boxAt = (baseUrl: string, env: Readonly<Record<string, string>> = {}, over: Readonly<Record<string, unknown>> = { caFile }) =>
	startBox({
		env,
		config: {
			providers: { one: provider(baseUrl, over) },
			deployments: [{ id: 'a', provider: 'one', model: 'model-a', ...figures }],
			roles: { outer: { tiers: ['frontier'] }, mid: { tiers: ['frontier'] }, inner: { tiers: ['frontier'] } },
			retries: { repeats: 0 },
		},
	});

const ask = (over: Readonly<Record<string, unknown>> = {}) => ({
	model: 'any',
	max_tokens: 64,
	messages: [{ role: 'user', content: 'x' }],
	...over,
});

describe('an upstream with a certificate of its own authority', () => {
	it('is trusted by the file that the provider names, and by nothing else', async () => {
		await using upstream = await startTls(well);
		await using box = await boxAt(upstream.baseUrl);
		expect((await box.call('/v1/messages', ask())).status).toBe(200);
		await using stranger = await boxAt(upstream.baseUrl, {}, {});
		const refused = await stranger.call('/v1/messages', ask());
		expect(refused.status).toBe(502);
		expect(upstream.heard.length).toBe(1);
	});

	it('whose file is missing is told so in the log’s words', async () => {
		await using upstream = await startTls(well);
		await using box = await boxAt(upstream.baseUrl, {}, { caFile: join(folder, 'nowhere.pem') });
		const refused = await box.call('/v1/messages', ask());
		expect(refused.status).toBe(502);
		const { json } = await box.admin('GET', '/calls?limit=1');
		expect(JSON.stringify(json)).toContain('upstream-failed');
	});
});

describe('through HTTPS_PROXY', () => {
	it('calls go in a tunnel, encrypted end to end, over kept connections', async () => {
		await using upstream = await startTls(well);
		await using proxy = await startProxy();
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url });
		for (let i = 0; i < 5; i++) expect((await box.call('/v1/messages?beta=true', ask())).status).toBe(200);
		expect(upstream.heard).toEqual(Array.from({ length: 5 }, () => 'POST /v1/messages?beta=true sk-ant-of-the-box'));
		expect(proxy.asked.map(({ method, target }) => [method, target])).toEqual([['CONNECT', upstream.baseUrl.slice('https://'.length)]]);
		expect(JSON.stringify(proxy.asked)).not.toContain('sk-ant');
		expect(upstream.connections()).toBe(1);
		expect(proxy.tunneledBytes()).toBeGreaterThan(0);
	});

	it('a stream comes piece by piece, and an abort reaches the upstream', async () => {
		const first = 'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\n';
		const closed = Promise.withResolvers<void>();
		await using upstream = await startTls((_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first);
			response.on('close', () => closed.resolve());
		});
		await using proxy = await startProxy();
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url });
		const gone = new AbortController();
		const heard = Promise.withResolvers<string>();
		const running = box.call('/v1/messages', ask({ stream: true }), {
			signal: gone.signal,
			onChunk: (bytes) => heard.resolve(String(bytes)),
		});
		expect(await heard.promise).toBe(first);
		gone.abort();
		await running.catch(() => undefined);
		await closed.promise;
	});

	it('sends the user and password of the proxy’s address to the proxy alone', async () => {
		await using upstream = await startTls(well);
		await using proxy = await startProxy();
		const withLogin = proxy.url.replace('http://', 'http://ada:p%40ss@');
		await using box = await boxAt(upstream.baseUrl, { https_proxy: withLogin });
		expect((await box.call('/v1/messages', ask())).status).toBe(200);
		expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
	});

	it('says that it is the proxy that refuses, bills nothing, and keeps its address out of the reply', async () => {
		await using upstream = await startTls(well);
		await using proxy = await startProxy();
		proxy.status = 407;
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url.replace('http://', 'http://ada:secret@') });
		const refused = await box.call('/v1/messages', ask());
		expect(refused.status).toBe(502);
		expect(refused.text).not.toContain('secret');
		const { json } = await box.admin('GET', '/calls?limit=1');
		expect((json as { calls: [{ outcome: { costNanoUsd: number } }] }).calls[0].outcome.costNanoUsd).toBe(0);
	});

	it('gives up on a proxy that says nothing, in the time that a connection may take', async () => {
		await using upstream = await startTls(well);
		await using proxy = await startProxy();
		proxy.isSilent = true;
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url }, { caFile, connectTimeoutMs: 300 });
		const startMs = performance.now();
		const refused = await box.call('/v1/messages', ask());
		expect([refused.status >= 502, performance.now() - startMs < 20_000]).toEqual([true, true]);
	});

	it('gives up at once on a proxy that is not there', async () => {
		await using upstream = await startTls(well);
		const proxy = await startProxy();
		await proxy[Symbol.asyncDispose]();
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url });
		expect((await box.call('/v1/messages', ask())).status).toBe(502);
	});

	it('keeps the timeouts: a silent upstream is given up', async () => {
		await using upstream = await startTls(() => {});
		await using proxy = await startProxy();
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url }, { caFile, firstByteTimeoutMs: 300 });
		expect((await box.call('/v1/messages', ask())).status).toBe(504);
	});

	it('goes straight where NO_PROXY names the host', async () => {
		await using upstream = await startTls(well);
		await using proxy = await startProxy();
		await using box = await boxAt(upstream.baseUrl, { HTTPS_PROXY: proxy.url, NO_PROXY: 'example.com, 127.0.0.1' });
		expect((await box.call('/v1/messages', ask())).status).toBe(200);
		expect(proxy.asked).toEqual([]);
	});
});

it('holds for the whole program, with authorities from NODE_EXTRA_CA_CERTS', async () => {
	await using upstream = await startTls(well);
	await using proxy = await startProxy();
	const service = await startService({
		config: {
			local: { isEnabled: false },
			providers: { one: { baseUrl: upstream.baseUrl, dialects: ['anthropic'], auth: 'x-api-key', keyEnv: 'TEST_KEY' } },
			deployments: [
				{
					id: 'a',
					provider: 'one',
					model: 'model-a',
					tier: 'frontier',
					price: figures.price,
					contextTokens: 200_000,
					maxOutputTokens: 8_000,
				},
			],
		},
		env: { TEST_KEY: 'secret', HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: caFile },
	});
	try {
		const { status } = await send(`${service.url}/v1/messages`, {
			headers: { 'content-type': 'application/json', 'x-api-key': service.key },
			body: JSON.stringify(ask()),
		});
		expect([status, upstream.heard, proxy.asked.length]).toEqual([200, ['POST /v1/messages secret'], 1]);
	} finally {
		await service.stop();
	}
});

describe('through HTTP_PROXY', () => {
	it('unencrypted calls are asked of the proxy by their whole address', async () => {
		await using upstream = await startUpstream((_, response) =>
			response.writeHead(200, { 'content-type': 'application/json' }).end(reply('model-a')),
		);
		await using proxy = await startProxy();
		await using box = await boxAt(`${upstream.baseUrl}/base`, { HTTP_PROXY: proxy.url }, {});
		expect((await box.call('/v1/messages?beta=true', ask(), { headers: { 'anthropic-beta': 'a-1,b-2' } })).status).toBe(200);
		expect(proxy.asked.map(({ method, target }) => [method, target])).toEqual([['POST', `${upstream.baseUrl}/base/v1/messages?beta=true`]]);
		expect(upstream.received[0]?.headers).toMatchObject({ host: upstream.baseUrl.slice('http://'.length), 'anthropic-beta': 'a-1,b-2' });
		expect(upstream.received[0]?.url).toBe('/base/v1/messages?beta=true');
	});
});

describe('a webhook', () => {
	const { signal } = new AbortController();
	const tell = (url: string, egress: Partial<Egress>) =>
		sendWebhook({
			url,
			secret: 's',
			id: 'mark',
			body: '{"event":"x"}',
			wallMs: 0,
			signal,
			egress: { httpsProxy: undefined, httpProxy: undefined, noProxy: undefined, ...egress },
		});

	it('goes by HTTP_PROXY with every byte and header, and straight where NO_PROXY says so', async () => {
		await using proxy = await startProxy();
		await using receiver = await startUpstream((_, response) => response.writeHead(204).end());
		const url = `${receiver.baseUrl}/hook?token=t`;
		await tell(url, { httpProxy: proxy.url });
		expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([`POST ${url}`]);
		await tell(url, { httpProxy: proxy.url, noProxy: '127.0.0.1' });
		expect(proxy.asked).toHaveLength(1);
		const [byProxy, straight] = receiver.received;
		expect(byProxy?.url).toBe('/hook?token=t');
		expect(byProxy?.body.toString()).toBe('{"event":"x"}');
		for (const name of ['content-type', 'content-length', 'x-innerloop-alert', 'x-innerloop-signature'])
			expect([name, byProxy?.headers[name]]).toEqual([name, straight?.headers[name]]);
	});

	it('goes through a tunnel of HTTPS_PROXY, in which its certificate is checked', async () => {
		await using proxy = await startProxy();
		await using receiver = await startTls(well);
		await expect(tell(`${receiver.baseUrl}/hook`, { httpsProxy: proxy.url })).rejects.toThrow(
			/^The webhook could not be reached \(.*SELF_SIGNED/,
		);
		expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([`CONNECT ${new URL(receiver.baseUrl).host}`]);
		expect(proxy.tunneledBytes()).toBeGreaterThan(0);
		expect(receiver.heard).toEqual([]);
	});

	it('says what its receiver or the proxy answered, and never where it was sent', async () => {
		await using proxy = await startProxy();
		await using receiver = await startUpstream((_, response) => response.writeHead(307, { location: 'http://elsewhere/' }).end());
		await expect(tell(`${receiver.baseUrl}/secret`, { httpProxy: proxy.url })).rejects.toThrow(/^The webhook answered 307\.$/);
		proxy.status = 403;
		await expect(tell('https://hooks.example/secret', { httpsProxy: proxy.url })).rejects.toThrow(
			/^The webhook could not be reached \(PROXY_REFUSED\)\.$/,
		);
		await expect(tell('https://hooks.example/secret', { httpsProxy: 'http://%' })).rejects.toThrow(/HTTPS_PROXY/);
	});

	it('of a box with a proxy in its environment is told by it', async () => {
		await using proxy = await startProxy();
		await using receiver = await startUpstream((_, response) => response.writeHead(204).end());
		await using upstream = await startUpstream((_, response) =>
			response.writeHead(200, { 'content-type': 'application/json' }).end(reply('model-a')),
		);
		await using box = await startBox({
			anthropic: upstream.baseUrl,
			env: { HTTP_PROXY: proxy.url, NO_PROXY: `127.0.0.1:${new URL(upstream.baseUrl).port}` },
			config: {
				alerts: { webhooks: { ops: { url: `${receiver.baseUrl}/hook`, secretEnv: 'TEST_OPENAI_KEY' } } },
				budgets: { treeUsd: 0.000001 },
			},
		});
		const refused = await box.call('/v1/messages', ask({ max_tokens: 32_000 }));
		expect(refused.status).toBe(402);
		await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(1);
		expect(proxy.asked.map(({ target }) => target)).toEqual([`${receiver.baseUrl}/hook`]);
	});
});
