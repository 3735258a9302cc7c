import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import { type Service, startService } from '../support/start-service.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send, sendRaw } from './support/raw-client.ts';
import { admin, ask, TEST_ENV, testConfig } from './support/start-box.ts';

let upstream: LoopbackUpstream;
let service: Service;
/** Without a ceiling, so that what is odd gets as far as the upstream. */
let key: string;

const PATHS = [
	'/',
	'/healthz',
	'/readyz',
	'/metrics',
	'/v1/messages',
	'/v1/messages?beta=true',
	'/v1/messages/count_tokens',
	'/v1/chat/completions',
	'/v1/models',
	'/v1/models/x',
	'/innerloop/v1/status',
	'/innerloop/v1/spend',
	'/innerloop/v1/calls?limit=3',
	'/innerloop/v1/calls/x',
	'/innerloop/v1/explain',
	'/innerloop/v1/explain/x',
	'/innerloop/v1/explain/v1/messages',
	'/innerloop/v1/explain/v1/chat/completions',
	'/innerloop/v1/members',
	'/innerloop/v1/members/x',
	'/innerloop/v1/keys',
	'/innerloop/v1/keys/x',
	'/innerloop/v1/deployments',
	'/innerloop/v1/models',
	'/%2e%2e/%00',
	'/v1/responses',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

const FULL = {
	...ask('x', { stream: true, temperature: 1 }),
	system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
	tools: [{ name: 'Read', description: 'd', input_schema: { type: 'object', properties: { p: { type: 'string' } } } }],
	messages: [
		{
			role: 'user',
			content: [
				{ type: 'text', text: 'x' },
				{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
			],
		},
		{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Read', input: { p: 'a' } }] },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'y' }] }] },
	],
};
const TEXT = JSON.stringify(FULL);

beforeAll(async () => {
	upstream = await startUpstream((received, response) => {
		// An upstream that is as bad as its callers: cut, odd, slow or well.
		const turn = received.body.length % 5;
		if (turn === 0) return void response.destroy();
		if (turn === 1)
			return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"usage":{"input_tokens":-1,"output_tokens":1e99}}');
		if (turn === 2)
			return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"a":\n\nevent: x\ndata: \u0000\n\n');
		if (turn === 3) return void response.writeHead(500).end('<html>');
		return void response
			.writeHead(200, { 'content-type': 'application/json' })
			.end('{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}');
	});
	const { version: _, ...config } = testConfig({
		anthropic: upstream.baseUrl,
		openai: upstream.baseUrl,
		config: {
			server: { limits: { headersTimeoutMs: 1_000, bodyTimeoutMs: 2_000, bodyBytes: 200_000, concurrentCalls: 64 } },
			budgets: { teamDayUsd: 1_000, teamMonthUsd: 1_000, treeUsd: 100 },
			log: { level: 'warn' },
		},
	});
	service = await startService({ config, env: TEST_ENV });
	const made = await admin(service.url, service.key, 'POST', '/keys', { member: 'owner', mayForce: true, hasCeiling: false });
	key = (made.json as NewKeyReport).secret;
});
afterAll(async () => {
	await service.stop();
	await upstream[Symbol.asyncDispose]();
});

/** A body that was a call before something happened to it. */
const body: fc.Arbitrary<Buffer> = fc.oneof(
	fc.json().map((text) => Buffer.from(text)),
	fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
	fc.nat(TEXT.length).map((end) => Buffer.from(TEXT.slice(0, end))),
	fc
		.tuple(fc.nat(TEXT.length), fc.string({ maxLength: 8 }))
		.map(([at, junk]) => Buffer.from(TEXT.slice(0, at) + junk + TEXT.slice(at + junk.length))),
	fc
		.tuple(fc.constantFrom(...Object.keys(FULL)), fc.jsonValue())
		.map(([key, value]) => Buffer.from(JSON.stringify({ ...FULL, [key]: value }))),
	fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from(`{"model":"m","messages":${'['.repeat(depth)}`)),
	fc.constant(Buffer.from(`{"model":"m","max_tokens":1e308,"messages":[{"role":"user","content":"${'\\ud800'.repeat(500)}"}]}`)),
);

const headers: fc.Arbitrary<Record<string, string>> = fc.dictionary(
	fc.constantFrom(
		'content-type',
		'anthropic-version',
		'anthropic-beta',
		'x-innerloop-role',
		'x-innerloop-tier',
		'x-innerloop-deployment',
		'x-innerloop-tree',
		'x-claude-code-session-id',
		'x-codex-turn-metadata',
		'connection',
		'accept-encoding',
		'content-encoding',
		'sec-fetch-site',
		'x-odd',
	),
	fc.oneof(
		fc.constantFrom('application/json', 'text/plain', 'identity', 'close', 'inner', 'mid', ''),
		fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\t\x20-\x7e]/g, '?')),
	),
);

/** Good enough to get past the door and the decoder: what is odd lies deeper. */
const CALLS = [
	'/v1/messages',
	'/v1/messages?beta=true',
	'/v1/messages/count_tokens',
	'/v1/chat/completions',
	'/innerloop/v1/explain/v1/messages',
];
const deepBody: fc.Arbitrary<Buffer> = fc
	.record(
		{
			model: fc.constantFrom('claude-opus-4-8', 'gpt-5.4', 'haiku', '', '\u{1F600}', 'x'.repeat(2_000)),
			max_tokens: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(1, 0, -1, 1.5, 1e300)),
			stream: fc.boolean(),
			temperature: fc.double(),
			metadata: fc.jsonValue(),
			messages: fc.constantFrom(FULL.messages, [{ role: 'user', content: 'x' }], [{ role: 'user', content: '' }], []),
			tools: fc.constantFrom(FULL.tools, []),
			system: fc.oneof(fc.string(), fc.constant(FULL.system)),
		},
		{ requiredKeys: ['model', 'messages'] },
	)
	.map((call) => Buffer.from(JSON.stringify(call)));

interface Input {
	readonly path: string;
	readonly method: string;
	readonly odd: Record<string, string>;
	readonly bytes: Buffer;
	readonly hasKey: boolean;
}
const wild: fc.Arbitrary<Input> = fc.record({
	path: fc.constantFrom(...PATHS),
	method: fc.constantFrom(...METHODS),
	odd: headers,
	bytes: body,
	hasKey: fc.boolean(),
});
const posted: fc.Arbitrary<Input> = fc.record({
	path: fc.constantFrom(...PATHS),
	method: fc.constant('POST'),
	odd: fc.constant({}),
	bytes: body,
	hasKey: fc.constant(true),
});
const deep: fc.Arbitrary<Input> = fc.record({
	path: fc.constantFrom(...CALLS),
	method: fc.constant('POST'),
	odd: fc.constant({}),
	bytes: deepBody,
	hasKey: fc.constant(true),
});

async function isAlive(): Promise<void> {
	const reply = await send(`${service.url}/healthz`, { method: 'GET' });
	expect(reply.status).toBe(200);
	expect(service.program.exit()).toBeUndefined();
}

async function gauge(name: string): Promise<number> {
	const { text } = await send(`${service.url}/metrics`, { method: 'GET', headers: { 'x-api-key': service.key } });
	const line = text.split('\n').find((one) => one.startsWith(`innerloop_${name} `));
	return Number(line?.split(' ')[1]);
}

/** Whatever it was, the answer is one that a client can read. */
function checkReply(path: string, status: number, text: string, isCut: boolean): void {
	expect(status).toBeGreaterThanOrEqual(200);
	// 500 would be a fault of our own; an upstream's 500 has its own body.
	if (status === 500) expect(text).toBe('<html>');
	if (status >= 400 && text !== '' && text !== '<html>' && !isCut && path.startsWith('/v1'))
		expect(JSON.parse(text)).toHaveProperty('error');
}

async function throwAll(count: number, seed: number): Promise<ReadonlyMap<number, number>> {
	const queue = fc.sample(fc.oneof(wild, posted, deep), { numRuns: count, seed }).values();
	const statuses = new Map<number, number>();
	const one = async () => {
		for (const { path, method, odd, bytes, hasKey } of queue) {
			const all = { 'content-type': 'application/json', ...odd, ...(hasKey ? { 'x-innerloop-key': key } : {}) };
			const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'TRACE';
			const over = { method, headers: all, ...(hasBody ? { body: bytes } : {}) };
			const reply = await send(service.url + path, over).catch((error: Error) => error);
			if (reply instanceof Error) continue;
			statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
			checkReply(path, reply.status, reply.text, reply.isCut);
		}
	};
	await Promise.all(Array.from({ length: 8 }, one));
	return statuses;
}

describe('thousands of bad inputs at every address', () => {
	it('are answered, and leave no memory, handle or running call behind', async () => {
		const statuses = await throwAll(2_000, 1);
		for (const status of [200, 400, 401, 404, 405, 415, 500, 502])
			expect(statuses.get(status), `replies with ${status}`).toBeGreaterThan(5);
		await isAlive();
		const before = { rss: await gauge('process_resident_memory_bytes'), handles: await gauge('nodejs_active_handles_total') };
		await throwAll(4_000, 2);
		await isAlive();
		while ((await gauge('running_calls')) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
		expect((await gauge('nodejs_active_handles_total')) - before.handles).toBeLessThan(40);
		expect((await gauge('process_resident_memory_bytes')) - before.rss).toBeLessThan(100 * 1024 * 1024);
	});

	it('cut in the middle, slow, or not HTTP, are closed', async () => {
		const good = `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${service.key}\r\ncontent-type: application/json\r\ncontent-length: ${TEXT.length}\r\n\r\n${TEXT}`;
		const rng = fc.sample(fc.tuple(fc.nat(good.length), fc.string({ maxLength: 6 })), { numRuns: 300, seed: 3 });
		for (let at = 0; at < rng.length; at += 30)
			await Promise.all(rng.slice(at, at + 30).map(([cut, junk]) => sendRaw(service.url, good.slice(0, cut) + junk, 20)));
		const slow = Array.from({ length: 50 }, () => drip(good));
		await isAlive();
		await Promise.all(slow);
		await isAlive();
		expect(await gauge('running_calls')).toBe(0);
	});
});

/** One byte every 200 ms, until the service has had enough. */
function drip(text: string): Promise<void> {
	const { hostname, port } = new URL(service.url);
	return new Promise((resolve) => {
		const socket = connect(Number(port), hostname);
		let at = 0;
		const timer = setInterval(() => socket.write(text[at++] ?? ''), 200);
		socket.on('error', () => {});
		socket.on('close', () => {
			clearInterval(timer);
			resolve();
		});
		socket.resume();
	});
}
