/** A call on its way through deployments of several dialects: who is asked next, what it costs, what its caller is told. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { anthropicTongue } from '../conformance/tongues/anthropic.ts';
import { chatTongue } from '../conformance/tongues/chat-completions.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startChatCompletionsUpstream } from '../support/upstream/chat-completions.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { startUpstream } from './support/loopback-upstream.ts';
import { startBox, type TestBox } from './support/start-box.ts';

let messages: StandIn;
let chat: StandIn;
let box: TestBox;

const price = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cacheReadUsdPerMillion: 0.3, source: 'test', date: '2026-01-01' };
const window = { tier: 'frontier', contextTokens: 200_000, maxOutputTokens: 32_000, modalities: ['text', 'image', 'document'], price };
const done = () => ({ content: ['Done.'] });

beforeEach(async () => {
	messages = await startAnthropicUpstream({ script: done });
	chat = await startChatCompletionsUpstream({ script: done });
	box = await startBox({
		config: {
			providers: {
				a: { baseUrl: messages.url, dialects: ['anthropic'], keyEnv: 'TEST_ANTHROPIC_KEY', auth: 'x-api-key' },
				c: { baseUrl: chat.url, dialects: ['chat-completions'], keyEnv: 'TEST_OPENAI_KEY', vendor: 'openai' },
			},
			deployments: [
				{ id: 'claude', provider: 'a', model: 'claude-x', order: 1, ...window },
				{ id: 'gpt', provider: 'c', model: 'gpt-x', order: 0, ...window },
			],
			retries: { repeats: 0 },
			roles: { outer: { tiers: ['frontier'] }, mid: { tiers: ['frontier'] }, inner: { tiers: ['frontier'] } },
		},
	});
});
afterEach(async () => {
	await box[Symbol.asyncDispose]();
	await messages.close();
	await chat.close();
});

const HELLO = { turns: [{ by: 'user', text: 'Hello.' }] } as const;
const askMessages = (isStream: boolean) => box.call('/v1/messages', anthropicTongue.write(HELLO, 'any', isStream));
const recordOf = async (reply: Awaited<ReturnType<TestBox['call']>>) =>
	(await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`)).json as CallRecord;

describe('the next candidate of another dialect', () => {
	it.each([true, false])('answers in the caller’s words when the first one fails (stream: %s)', async (isStream) => {
		messages.setScript(() => ({ status: 503 }));
		const reply = await askMessages(isStream);
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'gpt']);
		expect(anthropicTongue.read(reply.text, isStream)).toMatchObject({ text: 'Done.', finish: 'stop' });
		expect(reply.headers['x-innerloop-reasons']).toContain('upstream-failed-next');
	});

	it('comes behind those of the caller’s own dialect, whatever their order', async () => {
		const reply = await askMessages(false);
		expect((await recordOf(reply)).decision.candidates.map(({ deployment }) => deployment)).toEqual(['claude', 'gpt']);
		const other = await box.call('/v1/chat/completions', chatTongue.write(HELLO, 'any', false));
		expect((await recordOf(other)).decision.candidates.map(({ deployment }) => deployment)).toEqual(['gpt', 'claude']);
	});

	it('takes over from a stream across dialects that fails before its first content', async () => {
		chat.setScript(() => ({ content: ['Done.'], errorAfterEvents: 1 }));
		const reply = await box.call('/v1/messages', anthropicTongue.write(HELLO, 'gpt-x', true));
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'claude']);
		expect(anthropicTongue.read(reply.text, true)?.text).toBe('Done.');
	});

	it('is asked where the first one cannot be told everything; where there is none, the caller is told', async () => {
		const file = { type: 'file', file: { filename: 'a.csv', file_data: 'data:text/csv;base64,YQ==' } };
		const body = {
			...chatTongue.write(HELLO, 'claude-x', false),
			messages: [{ role: 'user', content: [file, { type: 'text', text: 'x' }] }],
		};
		const reply = await box.call('/v1/chat/completions', body);
		expect([reply.status, reply.headers['x-innerloop-deployment'], messages.calls.length]).toEqual([200, 'gpt', 0]);
		expect((await recordOf(reply)).decision.reasons.map(({ code }) => code)).toContain('not-expressible-next');
		const forced = await box.call('/v1/chat/completions', body, { headers: { 'x-innerloop-deployment': 'claude' } });
		expect(forced.status).toBe(400);
		expect(chatTongue.readError(forced.text)).toContain('A document of type text/csv cannot be passed to claude-x.');
	});
});

describe('a call across dialects', () => {
	it('is settled at the tokens that its upstream told, at its price', async () => {
		chat.setScript(() => ({ content: ['Done.'], usage: { inputTokens: 100, cacheReadTokens: 1_000, outputTokens: 50 } }));
		const reply = await box.call('/v1/messages', anthropicTongue.write(HELLO, 'gpt-x', true));
		const { outcome } = await recordOf(reply);
		expect(outcome).toMatchObject({ deployment: 'gpt', isCostBound: false, costNanoUsd: 100 * 3_000 + 1_000 * 300 + 50 * 15_000 });
	});

	it('is settled at its bound where its stream is cut', async () => {
		chat.setScript(() => ({ content: ['word '.repeat(100)], cutAfterEvents: 5 }));
		const reply = await box.call('/v1/messages', anthropicTongue.write(HELLO, 'gpt-x', true));
		expect(anthropicTongue.read(reply.text, true)).toBeUndefined();
		expect(reply.text).toContain('event: error');
		expect([reply.isCut, (await recordOf(reply)).outcome?.isCostBound]).toEqual([true, true]);
	});

	it('tells its losses in the header and in the decision', async () => {
		const reply = await box.call('/v1/messages', anthropicTongue.write({ ...HELLO, topK: 3 }, 'gpt-x', false));
		expect(reply.headers['x-innerloop-reasons']).toContain('loss-top-k');
		expect((await recordOf(reply)).decision.reasons).toContainEqual({
			step: 'execute',
			code: 'loss-top-k',
			text: expect.any(String),
			deployment: 'gpt',
		});
	});

	it('does not take another vendor’s fault for the caller’s: a refused key of the box is a failed upstream', async () => {
		for (const one of [messages, chat]) one.setScript(() => ({ status: 401 }));
		const reply = await box.call('/v1/messages', anthropicTongue.write(HELLO, 'gpt-x', false));
		// The last one asked is of the caller's own dialect, and its words pass as they are.
		expect([messages.calls.length, chat.calls.length, reply.status]).toEqual([1, 1, 401]);
		const forced = await box.call('/v1/messages', anthropicTongue.write(HELLO, 'any', false), {
			headers: { 'x-innerloop-deployment': 'gpt' },
		});
		expect(forced.status).toBe(502);
	});

	it('stops reading where its caller stops', async () => {
		const chunk = `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta: { content: 'x'.repeat(8_192) } }] })}\n\n`;
		let waiting = false;
		await using upstream = await startUpstream((_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			const pump = () => {
				while (response.writable) {
					if (!response.write(chunk)) {
						waiting = true;
						response.once('drain', () => {
							waiting = false;
							pump();
						});
						return;
					}
				}
			};
			pump();
		});
		await using slow = await startBox({ openai: upstream.baseUrl });
		const gone = new AbortController();
		const body = JSON.stringify(anthropicTongue.write(HELLO, 'gpt-5.4', true));
		const { request } = await import('node:http');
		const headers = { 'content-type': 'application/json', 'x-api-key': slow.key };
		const outgoing = request(`${slow.url}/v1/messages`, { method: 'POST', headers, signal: gone.signal }, (response) => response.pause());
		outgoing.on('error', () => {});
		outgoing.end(body);
		let stillMs = 0;
		for (let passedMs = 0; stillMs < 300 && passedMs < 10_000; passedMs += 20) {
			await delay(20);
			stillMs = waiting ? stillMs + 20 : 0;
		}
		expect(stillMs).toBeGreaterThanOrEqual(300);
		gone.abort();
	});
});

describe('a chat caller’s tool loop at Anthropic', () => {
	const THINKS = { content: [{ thinking: 'I should look.' }, { tool: 'read', id: 'toolu_A', input: {} }] };
	const talk = { ...HELLO, tools: ['read'], effort: 'high' };

	it('gets its signed thinking back from the box’s memory', async () => {
		messages.setScript(() => THINKS);
		const ask = (one: TestBox, body: object) => one.call('/v1/chat/completions', body, { headers: { 'x-innerloop-deployment': 'claude' } });
		const body = chatTongue.write(talk, 'any', false);
		const reply = await ask(box, body);
		messages.setScript(done);
		await ask(box, chatTongue.goOn(body, reply.text));
		const thinking = { type: 'thinking', thinking: 'I should look.', signature: 'c3RhbmQtaW4tc2lnbmF0dXJl' };
		const turnOf = () => JSON.parse(String(messages.calls.at(-1)?.body)).messages[1].content;
		expect(turnOf()).toEqual([thinking, { type: 'tool_use', id: 'toolu_A', name: 'read', input: {} }]);
	});
});

describe('a count of tokens for a model of another dialect', () => {
	const count = (model: string) =>
		box.call('/v1/messages/count_tokens', { model, messages: [{ role: 'user', content: 'x'.repeat(3_000) }] });

	it('is made by the vendor where the model has one that counts', async () => {
		const reply = await count('claude-x');
		expect([reply.status, reply.headers['x-innerloop-reasons']]).toEqual([200, expect.not.stringContaining('count-estimated')]);
	});

	it('is an estimate where nobody in reach counts, says so, and costs nothing', async () => {
		await box[Symbol.asyncDispose]();
		box = await startBox({
			config: {
				providers: { c: { baseUrl: chat.url, dialects: ['chat-completions'], keyEnv: 'TEST_OPENAI_KEY', vendor: 'openai' } },
				deployments: [{ id: 'gpt', provider: 'c', model: 'gpt-x', ...window }],
				roles: { outer: { tiers: ['frontier'] }, mid: { tiers: ['frontier'] }, inner: { tiers: ['frontier'] } },
			},
		});
		const before = chat.arrivals.length;
		const reply = await count('gpt-x');
		expect([reply.status, reply.headers['x-innerloop-reasons']]).toEqual([200, expect.stringContaining('count-estimated')]);
		const { input_tokens: tokens } = JSON.parse(reply.text) as { input_tokens: number };
		expect(tokens).toBeGreaterThanOrEqual(1_000);
		expect(tokens).toBeLessThan(3_000);
		expect(chat.arrivals.length).toBe(before);
		expect((await recordOf(reply)).outcome).toMatchObject({ status: 200, costNanoUsd: 0 });
	});

	it('is refused where the call would not be answered either', async () => {
		const reply = await box.call('/v1/messages/count_tokens', '{"model":"claude-x","messages":[]}', {
			headers: { 'x-innerloop-deployment': 'none' },
		});
		expect(reply.status).toBe(400);
	});
});
