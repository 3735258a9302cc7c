import { connect } from 'node:net';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewKeyReport, SpendReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { startResponsesUpstream } from '../support/upstream/responses.ts';
import type { Answer } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { startBox, TEST_ENV, type TestBox } from './support/start-box.ts';

const GPT = { headers: { 'x-innerloop-deployment': 'gpt' } };
const ask = (over: object = {}) => ({ model: 'gpt-5.4', max_output_tokens: 256, input: 'x', ...over });

describe('responses → responses, byte for byte', () => {
	let upstream: LoopbackUpstream;
	let box: TestBox;
	let unlimited = '';

	beforeAll(async () => {
		upstream = await startUpstream((_, response) => response.end('{}'));
		box = await startBox({ openai: upstream.baseUrl });
		const { json } = await box.admin('POST', '/keys', { member: 'owner', mayForce: true, hasCeiling: false });
		unlimited = (json as NewKeyReport).secret;
	});
	afterAll(async () => {
		await box[Symbol.asyncDispose]();
		await upstream[Symbol.asyncDispose]();
	});
	beforeEach(() => {
		upstream.received.length = 0;
	});

	const REPLY =
		'{"id":"resp_1","object":"response","status":"completed","output":[{"id":"ws_1","type":"web_search_call","future":1.0}],' +
		'"usage":{"input_tokens":9,"output_tokens":1,"total_tokens":10},"new_field":{"x":1.0}}';
	const answerWell = () => {
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'r' }).end(REPLY);
	};

	it('passes unknown fields, items and tools, odd numbers and spaces, under the deployment’s key', async () => {
		answerWell();
		const body = `{ "model" : "gpt-5.4","x_future":[1.50,{"a":1,"a":2}],"tools":[{"type":"hosted_future"}], "input":[{"type":"future_item","n":1e2},\n{"role":"user","content":"\\ud83d\\ude00 \\u0000"}],"previous_response_id":"resp_0","client_metadata":{"session_id":"s"}}  `;
		const reply = await box.call('/v1/responses?x=1', body, { headers: { 'x-api-key': unlimited, ...GPT.headers } });
		expect([reply.status, reply.text]).toEqual([200, REPLY]);
		expect(upstream.received[0]?.body.toString('utf8')).toBe(body);
		expect(upstream.received[0]?.url).toBe('/v1/responses?x=1');
		expect(upstream.received[0]?.headers.authorization).toBe(`Bearer ${TEST_ENV.TEST_OPENAI_KEY}`);
		expect(reply.headers).toMatchObject({ 'x-request-id': 'r', 'x-innerloop-deployment': 'gpt' });
	});

	it('changes model and cap by offset and nothing else', async () => {
		answerWell();
		await box.call('/v1/responses', '{"model":"a", "input":"\\"model\\":\\"x\\"" ,"store":false}', {
			headers: { 'x-innerloop-deployment': 'gpt-mini' },
		});
		expect(upstream.received[0]?.body.toString('utf8')).toMatch(
			/^\{"max_output_tokens":\d+,"model":"gpt-5\.4-mini", "input":"\\"model\\":\\"x\\"" ,"store":false\}$/,
		);
	});

	it('passes a token count on', async () => {
		const text = '{"object":"response.input_tokens","input_tokens":11}';
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text);
		const reply = await box.call('/v1/responses/input_tokens', { model: 'gpt-5.4', input: 'x' });
		expect([reply.status, reply.text, upstream.received[0]?.url]).toEqual([200, text, '/v1/responses/input_tokens']);
	});

	it('passes a compaction on: without a cap of ours, held at the most that the model can write, billed by its usage', async () => {
		const text = JSON.stringify({
			id: 'resp_c',
			object: 'response.compaction',
			created_at: 1,
			output: [{ id: 'cmp_1', type: 'compaction', encrypted_content: 'ZW5j' }],
			usage: { input_tokens: 100, input_tokens_details: { cached_tokens: 0 }, output_tokens: 10, total_tokens: 110 },
		});
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text);
		const body = '{"model":"gpt-5.4","input":[{"role":"user","content":"Fix it"}],"instructions":"You help."}';
		const reply = await box.call('/v1/responses/compact', body, GPT);
		expect([reply.status, reply.text]).toEqual([200, text]);
		expect([upstream.received[0]?.url, upstream.received[0]?.body.toString('utf8')]).toEqual(['/v1/responses/compact', body]);
		const { json } = await box.admin('GET', `/explain/${String(reply.headers['x-innerloop-call'])}`);
		const { decision, outcome } = json as CallRecord;
		expect(decision.reasons.map(({ code }) => code)).toContain('compaction');
		expect(decision.candidates[0]?.worstCostNanoUsd).toBeGreaterThanOrEqual(32_000 * 15_000);
		expect(outcome).toMatchObject({ isCostBound: false, costNanoUsd: 100 * 3_000 + 10 * 15_000 });
	});

	it('refuses a compaction that could cost more than there is, instead of capping it', async () => {
		const { json } = await box.admin('POST', '/keys', { member: 'owner', treeCeilingUsd: 0.2 });
		const headers = { 'x-api-key': (json as NewKeyReport).secret };
		const call = { model: 'gpt-5.4', input: 'x' };
		expect((await box.call('/v1/responses/compact', call, { headers })).status).toBe(402);
		expect(upstream.received).toEqual([]);
	});

	it('passes an error of the upstream with its body and headers', async () => {
		const error = '{"error":{"message":"wording that clients match on","type":"requests","param":null,"code":"rate_limit_exceeded"}}';
		upstream.answer = (_, response) => response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' }).end(error);
		const reply = await box.call('/v1/responses', ask(), GPT);
		expect([reply.status, reply.text, reply.headers['retry-after']]).toEqual([429, error, '7']);
	});

	it.each([
		['background', { background: true }],
		['tools: web_search', { tools: [{ type: 'web_search' }] }],
		['service_tier', { service_tier: 'priority' }],
		['x_future', { x_future: 1 }],
	])('refuses %s on a key with a ceiling, and sends nothing', async (name, over) => {
		const reply = await box.call('/v1/responses', ask(over), GPT);
		expect(reply.status).toBe(400);
		expect(JSON.parse(reply.text)).toMatchObject({ error: { type: 'invalid_request_error', message: expect.stringContaining(name) } });
		expect(upstream.received).toEqual([]);
	});

	it('takes the vendor’s search out of a call that a ceiling pays for, and says so; who has none keeps it', async () => {
		answerWell();
		const body =
			'{"model":"gpt-5.4","max_output_tokens":64,"input":"x","tools":[{"type":"function","name":"read","parameters":{}},{"type":"web_search"}]}';
		const reply = await box.call('/v1/responses', body, GPT);
		expect(reply.status).toBe(200);
		expect(reply.headers['x-innerloop-reasons']).toContain('tool-withheld');
		expect(upstream.received[0]?.body.toString('utf8')).toBe(body.replace(',{"type":"web_search"}', ''));
		const free = await box.call('/v1/responses', body, { headers: { 'x-api-key': unlimited, ...GPT.headers } });
		expect(free.headers['x-innerloop-reasons']).not.toContain('tool-withheld');
		expect(upstream.received[1]?.body.toString('utf8')).toBe(body);
	});

	it.each([
		['/v1/responses', { previous_response_id: 'resp_0', input: 'x' }, 'stored response'],
		['/v1/responses', { input: [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }] }, 'compaction of its own'],
		['/v1/responses/compact', { input: 'x' }, 'compaction of its own'],
	])('says that nobody else has it where no upstream speaks Responses: %s %j', async (path, body, words) => {
		await using other = await startBox({ anthropic: upstream.baseUrl });
		const reply = await other.call(path, { model: 'gpt-5.4', ...body });
		expect(reply.status).toBe(400);
		expect(JSON.parse(reply.text)).toMatchObject({ error: { code: 'not_expressible', message: expect.stringContaining(words) } });
		const { json } = await other.admin('GET', `/explain/${String(reply.headers['x-innerloop-call'])}`);
		const [rejected] = (json as CallRecord).decision.rejected;
		expect(rejected?.reasons.find(({ code }) => code === 'held-by-vendor')?.text).toContain(words);
		expect(upstream.received).toEqual([]);
	});

	it('says in the envelope of the dialect what is wrong with a call', async () => {
		const reply = await box.call('/v1/responses', { model: 'gpt-5.4', input: [{ role: 'user' }] });
		expect(reply.status).toBe(400);
		expect(JSON.parse(reply.text)).toMatchObject({
			error: { type: 'invalid_request_error', param: 'input[0].content', message: expect.stringContaining('input[0].content: expected') },
		});
	});

	it('lists the models in the shape that each client asks for', async () => {
		const list = async (headers: Record<string, string>) =>
			JSON.parse((await box.call('/v1/models?client_version=0.169.0', '', { method: 'GET', headers })).text) as Record<string, unknown>;
		const codex = await list({ originator: 'codex_exec', 'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64)' });
		expect(codex).toMatchObject({ object: 'list', data: expect.arrayContaining([expect.objectContaining({ id: 'gpt-5.4' })]), models: [] });
		expect(await list({ 'user-agent': 'OpenAI/JS 7.57.0' })).not.toHaveProperty('models');
	});

	it('refuses a WebSocket with the one status after which Codex falls back at once', async () => {
		const { host, hostname, port } = new URL(box.url);
		const head = [
			'GET /v1/responses HTTP/1.1',
			`host: ${host}`,
			`authorization: Bearer ${box.key}`,
			'connection: Upgrade',
			'upgrade: websocket',
			'sec-websocket-version: 13',
			'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
		];
		const answer = await new Promise<string>((resolve, reject) => {
			const socket = connect(Number(port), hostname, () => socket.write(`${head.join('\r\n')}\r\n\r\n`));
			socket.once('data', (data) => resolve(data.toString('utf8')));
			socket.once('data', () => socket.destroy());
			socket.once('error', reject);
		});
		expect(answer).toMatch(/^HTTP\/1\.1 426 /);
		expect(answer).toContain('"code":"upgrade_refused"');
		expect((await box.call('/v1/responses', '', { method: 'GET' })).status).toBe(405);
	});
});

describe('what the ledger settles', () => {
	let vendor: StandIn;
	let box: TestBox;
	const say = (text: string, over: Partial<Answer> = {}): Answer => ({ content: [text], ...over });

	beforeAll(async () => {
		vendor = await startResponsesUpstream({ script: () => say('well') });
	});
	afterAll(() => vendor.close());
	beforeEach(async () => {
		vendor.setScript(() => say('well'));
		box = await startBox({ openai: vendor.url });
		return () => box[Symbol.asyncDispose]();
	});

	async function settled(): Promise<number> {
		const { json } = await box.admin('GET', '/spend');
		return (json as SpendReport).rows.find(({ scope, period }) => scope === 'team' && period === 'day')?.settledNanoUsd ?? -1;
	}
	const explain = async (id: unknown) => (await box.admin('GET', `/explain/${String(id)}`)).json as CallRecord;

	it.each([false, true])('is the vendor’s own bill to the nano-dollar (stream: %s)', async (stream) => {
		const before = vendor.bill.totalNanoUsd();
		for (const input of ['one', 'two words', 'a longer question than the others']) {
			const reply = await box.call('/v1/responses', ask({ input, stream }), GPT);
			expect([reply.status, reply.isCut]).toEqual([200, false]);
		}
		expect(vendor.bill.totalNanoUsd()).toBeGreaterThan(before);
		expect(await settled()).toBe(vendor.bill.totalNanoUsd() - before);
	});

	it.each([false, true])('counts cache reads at their own price (stream: %s)', async (stream) => {
		vendor.setScript(() => say('x', { usage: { inputTokens: 3, cacheReadTokens: 1_000, outputTokens: 7 } }));
		const reply = await box.call('/v1/responses', ask({ stream }), GPT);
		const { outcome } = await explain(reply.headers['x-innerloop-call']);
		expect(outcome?.costNanoUsd).toBe((3 * 3_000_000 + 1_000 * 300_000 + 7 * 15_000_000) / 1_000);
		expect(outcome).toMatchObject({ isCostBound: false, inputTokens: 3, cacheReadTokens: 1_000, outputTokens: 7 });
		const metrics = (await box.call('/metrics', '', { method: 'GET' })).text;
		expect(metrics).toMatch(/innerloop_tokens_total\{[^}]*deployment="gpt",kind="cacheRead"[^}]*\} 1000\b/);
	});

	it('is the usage of an answer that its cap cut, not the bound', async () => {
		vendor.setScript(() => say('a few words that are never finished'));
		const reply = await box.call('/v1/responses', ask({ stream: true, max_output_tokens: 2 }), GPT);
		expect(reply.text).toContain('event: response.incomplete');
		expect((await explain(reply.headers['x-innerloop-call'])).outcome).toMatchObject({ isCostBound: false });
	});

	it.each([
		['was cut', { cutAfterEvents: 5 }],
		['fails inside', { errorAfterEvents: 5 }],
	])('is at least the vendor’s bill and at most the reservation for a stream that %s', async (_, over) => {
		const before = vendor.bill.totalNanoUsd();
		vendor.setScript(() => say('a few words that are never finished', over));
		const reply = await box.call('/v1/responses', ask({ stream: true }), GPT);
		const { decision, outcome } = await explain(reply.headers['x-innerloop-call']);
		expect(reply.isCut).toBe('cutAfterEvents' in over);
		expect(outcome?.isCostBound).toBe(true);
		expect(outcome?.costNanoUsd).toBeGreaterThanOrEqual(vendor.bill.totalNanoUsd() - before);
		expect(outcome?.costNanoUsd).toBeLessThanOrEqual(decision.reservedNanoUsd);
	});

	it('serves the vendor’s SDK: whole, streamed, with tools', async () => {
		const sdk = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
		const call = { model: 'gpt-5.4', max_output_tokens: 256, input: 'x' };
		expect((await sdk.responses.create(call)).output_text).toBe('well');
		vendor.setScript(() => ({ content: ['I look.', { tool: 'read', input: { path: 'a' } }] }));
		const response = await sdk.responses.stream(call).finalResponse();
		expect(response.output).toMatchObject([{ type: 'message' }, { type: 'function_call', name: 'read', arguments: '{"path":"a"}' }]);
	});
});
