import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { startBox, TEST_ENV, type TestBox } from './support/start-box.ts';

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.end('{}'));
	box = await startBox({ anthropic: upstream.baseUrl, openai: upstream.baseUrl });
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
	'{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"caf\\u00e9 \u{1F600}"}],' +
	'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5},"new_field":{"x":1.0}}';

/** Otherwise the role decides, and with it the tier. */
const OPUS = { headers: { 'x-innerloop-deployment': 'opus' } };
/** Under a ceiling, a field that nobody knows would be refused. */
let unlimited = '';
const lastBody = () => upstream.received.at(-1)?.body.toString('utf8');

describe('anthropic → anthropic', () => {
	const answerWell = () => {
		upstream.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_9', 'x-new': 'a' });
			response.end(REPLY);
		};
	};

	it('passes an odd body byte for byte: duplicate keys, 1.0, 2^60, escapes, spaces, unknown fields', async () => {
		answerWell();
		const body = `{ "model" : "claude-opus-4-8",\n\t"max_tokens":256 , "temperature":1.0,"metadata":{"n":1152921504606846976,"n":1e2},
		"messages":[{"role":"user","content":"\\ud83d\\ude00 \\u0000 é \u2028"}],"x_unknown":[1.50,-0.0,{"a":1,"a":2}],"stream":false}  `;
		const reply = await box.call('/v1/messages?beta=true', body, { headers: { 'x-api-key': unlimited, ...OPUS.headers } });
		expect(reply.text).toBe(REPLY);
		expect(reply.status).toBe(200);
		expect(lastBody()).toBe(body);
		expect(upstream.received[0]?.url).toBe('/v1/messages?beta=true');
	});

	it('changes the model by offset and nothing else, and every duplicate of it', async () => {
		answerWell();
		const rest = `"max_tokens":256,"temperature":1.0,"seed":1152921504606846976,"messages":[{"role":"user","content":"\\"model\\":\\"x\\""}]`;
		await box.call('/v1/messages', `{"model":"a","model":  "b",${rest}}`, {
			headers: { 'x-api-key': unlimited, 'x-innerloop-deployment': 'sonnet' },
		});
		expect(lastBody()).toBe(`{"model":"claude-sonnet-4-6","model":  "claude-sonnet-4-6",${rest}}`);
	});

	it('leaves no dearer model behind a repeated key whose last value needs no change', async () => {
		answerWell();
		const rest = '"max_tokens":256,"messages":[{"role":"user","content":"x"}]';
		await box.call('/v1/messages', `{"model":"claude-fable-5","model":"claude-opus-4-8",${rest}}`, OPUS);
		expect(lastBody()).toBe(`{"model":"claude-opus-4-8","model":"claude-opus-4-8",${rest}}`);
	});

	it('takes the caller’s secrets off, puts the deployment’s key in and keeps all other headers', async () => {
		answerWell();
		await box.call(
			'/v1/messages',
			{ model: 'claude-opus-4-8', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] },
			{
				headers: {
					'x-innerloop-key': box.key,
					'x-api-key': 'vendor-secret',
					authorization: 'Bearer vendor-secret',
					cookie: 'session=secret',
					'anthropic-version': '2023-06-01',
					'anthropic-beta': 'context-management-2025-06-27,fine-grained-tool-streaming-2025-05-14',
					'x-claude-code-session-id': 's-1',
					'x-stainless-lang': 'js',
					'user-agent': 'claude-cli/2.1.300 (external, cli)',
					'x-unknown-header': 'kept',
				},
			},
		);
		const { headers } = upstream.received[0] ?? {};
		expect(headers).toMatchObject({
			'x-api-key': TEST_ENV.TEST_ANTHROPIC_KEY,
			'anthropic-version': '2023-06-01',
			'anthropic-beta': 'context-management-2025-06-27,fine-grained-tool-streaming-2025-05-14',
			'x-claude-code-session-id': 's-1',
			'x-stainless-lang': 'js',
			'user-agent': 'claude-cli/2.1.300 (external, cli)',
			'x-unknown-header': 'kept',
		});
		expect(JSON.stringify(upstream.received[0]?.rawHeaders)).not.toContain('secret');
		expect(JSON.stringify(upstream.received[0]?.rawHeaders)).not.toContain(box.key);
	});

	it('adds its own headers to the reply and keeps the upstream’s', async () => {
		answerWell();
		const reply = await box.call(
			'/v1/messages',
			{ model: 'claude-opus-4-8', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] },
			OPUS,
		);
		expect(reply.headers).toMatchObject({
			'request-id': 'req_9',
			'x-new': 'a',
			'x-innerloop-deployment': 'opus',
			'x-innerloop-tier': 'frontier',
			'x-innerloop-role': expect.stringMatching(/^(outer|mid|inner)$/),
			'x-innerloop-call': expect.stringMatching(/^call_/),
			'x-innerloop-reasons': expect.stringMatching(/^[a-z0-9,-]+$/),
		});
		expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
	});

	it('passes a stream byte for byte, each piece when it comes', async () => {
		const events = [
			'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
			'event: ping\ndata: {"type": "ping"}\n\n',
			'event: future_event\r\ndata: {"type":"future_event","n":1.0}\r\n\r\n',
			'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
			'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\u00e9"}}\n\n',
			'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
			'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}\n\n',
			'event: message_stop\ndata: {"type":"message_stop"}\n\n',
		];
		upstream.answer = async (_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			for (const event of events) {
				response.write(event);
				await new Promise((resolve) => setTimeout(resolve, 15));
			}
			response.end();
		};
		const body = { model: 'claude-opus-4-8', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'x' }] };
		const reply = await box.call('/v1/messages', body);
		expect(reply.text).toBe(events.join(''));
		expect(reply.isCut).toBe(false);
		expect(reply.chunks.length).toBeGreaterThanOrEqual(events.length - 2);
		expect(reply.headers['content-type']).toBe('text/event-stream');
	});

	it.each([
		[429, { 'retry-after': '17', 'anthropic-ratelimit-tokens-remaining': '0' }],
		[529, { 'retry-after': '3' }],
		[500, {}],
		[400, {}],
		[413, {}],
	] as const)('passes %i with its body and headers unmodified', async (status, headers) => {
		const error = `{"type":"error","error":{"type":"made_up_error","message":"wording ${status} that clients match on"},"request_id":"r"}`;
		upstream.answer = (_, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(error);
		const body = { model: 'claude-opus-4-8', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] };
		const reply = await box.call('/v1/messages', body, OPUS);
		expect([reply.status, reply.text]).toEqual([status, error]);
		expect(reply.headers).toMatchObject(headers);
	});

	it('passes a token count on, and bills nothing for it', async () => {
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens": 2095}');
		const body = { model: 'claude-opus-4-8', messages: [{ role: 'user', content: 'x' }] };
		const reply = await box.call('/v1/messages/count_tokens?beta=true', body);
		expect([reply.status, reply.text]).toEqual([200, '{"input_tokens": 2095}']);
		expect(upstream.received[0]?.url).toBe('/v1/messages/count_tokens?beta=true');
	});
});

describe('chat-completions → chat-completions', () => {
	const body = (over: object = {}) => ({
		model: 'gpt-5.4',
		max_completion_tokens: 16,
		messages: [{ role: 'user', content: 'x' }],
		...over,
	});
	const chunk = (delta: string, rest = '') =>
		`data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.4","choices":[{"index":0,"delta":${delta},"finish_reason":null}]${rest}}\n\n`;
	const last = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.4","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;
	const usage = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.4","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}\n\n`;
	const stream = [chunk('{"role":"assistant","content":""}'), chunk('{"content":"hi"}'), last];

	it('carries the key as bearer and passes the reply as it is', async () => {
		const text =
			'{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10},"x":1.0}';
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text);
		const reply = await box.call('/v1/chat/completions', body());
		expect(reply.text).toBe(text);
		expect(upstream.received[0]?.headers.authorization).toBe(`Bearer ${TEST_ENV.TEST_OPENAI_KEY}`);
	});

	it('asks the upstream for usage, and keeps the extra event from a caller who did not', async () => {
		upstream.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.end([...stream, usage, 'data: [DONE]\n\n'].join(''));
		};
		const quiet = await box.call('/v1/chat/completions', body({ stream: true }));
		expect(JSON.parse(lastBody() ?? '')).toMatchObject({ stream_options: { include_usage: true } });
		expect(quiet.text).toBe([...stream, 'data: [DONE]\n\n'].join(''));
		const asked = await box.call('/v1/chat/completions', body({ stream: true, stream_options: { include_usage: true } }));
		expect(asked.text).toBe([...stream, usage, 'data: [DONE]\n\n'].join(''));
	});
});
