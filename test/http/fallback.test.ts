import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

let first: LoopbackUpstream;
let second: LoopbackUpstream;
let box: TestBox;

const price = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, source: 'test', date: '2026-01-01' };
const window = { contextTokens: 200_000, maxOutputTokens: 32_000, tier: 'frontier', price };
const provider = (baseUrl: string) => ({ baseUrl, dialects: ['anthropic'], keyEnv: 'TEST_ANTHROPIC_KEY', auth: 'x-api-key' });

beforeAll(async () => {
	first = await startUpstream((_, response) => response.end('{}'));
	second = await startUpstream((_, response) => response.end('{}'));
});
afterAll(async () => {
	await first[Symbol.asyncDispose]();
	await second[Symbol.asyncDispose]();
});
beforeEach(async () => {
	first.received.length = 0;
	second.received.length = 0;
	second.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL);
	box = await startBox({
		config: {
			providers: { one: provider(first.baseUrl), two: provider(second.baseUrl) },
			deployments: [
				{ id: 'a', provider: 'one', model: 'model-a', order: 0, ...window },
				{ id: 'b', provider: 'two', model: 'model-b', order: 1, ...window },
			],
			roles: { outer: { tiers: ['frontier'] }, mid: { tiers: ['frontier'] }, inner: { tiers: ['frontier'] } },
		},
	});
	return () => box[Symbol.asyncDispose]();
});

const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"model-b","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
/** A name that no deployment has, so that order decides. */
const anyModel = (over: Readonly<Record<string, unknown>> = {}) => ask('x', { model: 'any', ...over });

describe('the next candidate', () => {
	it.each([500, 503, 529, 429])('answers when the first one says %i', async (status) => {
		first.answer = (_, response) => response.writeHead(status, { 'retry-after': '1' }).end('{"type":"error"}');
		const reply = await box.call('/v1/messages', anyModel());
		expect([reply.status, reply.text]).toEqual([200, WELL]);
		expect(reply.headers['x-innerloop-deployment']).toBe('b');
		expect(reply.headers['x-innerloop-reasons']).toContain('upstream-failed-next');
		expect([first.received.length, second.received.length]).toEqual([1, 1]);
		expect(JSON.parse(String(second.received[0]?.body))).toMatchObject({ model: 'model-b' });
	});

	it('answers when the first one breaks the connection before its first byte', async () => {
		first.answer = (_, response) => response.destroy();
		const reply = await box.call('/v1/messages', anyModel());
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'b']);
	});

	it('is not asked when the call itself is at fault', async () => {
		first.answer = (_, response) => response.writeHead(400).end('{"type":"error","error":{"type":"invalid_request_error","message":"no"}}');
		const reply = await box.call('/v1/messages', anyModel());
		expect([reply.status, second.received.length]).toEqual([400, 0]);
	});

	it('is not asked once content is on its way', async () => {
		first.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write('event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\n');
			setTimeout(() => response.destroy(), 20);
		};
		const reply = await box.call('/v1/messages', anyModel({ stream: true }));
		expect([reply.isCut, second.received.length]).toEqual([true, 0]);
	});

	it('is not asked when the caller went away', async () => {
		const gone = new AbortController();
		first.answer = () => gone.abort();
		await expect(box.call('/v1/messages', anyModel(), { signal: gone.signal })).rejects.toThrow();
		expect(second.received.length).toBe(0);
	});
});

describe('the last candidate', () => {
	it('has its error passed on unmodified', async () => {
		first.answer = (_, response) => response.writeHead(503).end('first');
		second.answer = (_, response) =>
			response.writeHead(529, { 'retry-after': '9', 'content-type': 'application/json' }).end('{"second":1.0}');
		const reply = await box.call('/v1/messages', anyModel());
		expect([reply.status, reply.text, reply.headers['retry-after']]).toEqual([529, '{"second":1.0}', '9']);
	});

	it('that cannot be reached gives a 502 in the dialect', async () => {
		for (const one of [first, second]) one.answer = (_, response) => response.destroy();
		const reply = await box.call('/v1/messages', anyModel());
		expect(reply.status).toBe(502);
		expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { message: expect.any(String) } });
	});
});

it('leaves a failing deployment alone for a while', async () => {
	first.answer = (_, response) => response.writeHead(429, { 'retry-after': '60' }).end('{}');
	await box.call('/v1/messages', anyModel());
	const reply = await box.call('/v1/messages', anyModel());
	expect(reply.headers['x-innerloop-deployment']).toBe('b');
	expect(first.received.length).toBe(1);
	const { json } = await box.admin('GET', '/deployments');
	const [a] = (json as { deployments: { deployment: { id: string }; cooldownMs: number }[] }).deployments;
	expect(a?.cooldownMs).toBeGreaterThan(30_000);
});

it('explains in the history which candidates were tried and why', async () => {
	first.answer = (_, response) => response.writeHead(503).end('{}');
	const reply = await box.call('/v1/messages', anyModel());
	const { json } = await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`);
	const { decision, outcome } = json as CallRecord;
	expect(decision.candidates.map(({ deployment }) => deployment)).toEqual(['a', 'b']);
	expect(decision.reasons).toContainEqual(expect.objectContaining({ step: 'execute', code: 'upstream-failed-next', deployment: 'a' }));
	expect(outcome).toMatchObject({ deployment: 'b', status: 200, inputTokens: 10, outputTokens: 5, isCostBound: false });
});
