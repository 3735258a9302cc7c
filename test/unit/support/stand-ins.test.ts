/** The stand-ins speak the real wire: the vendors' own SDKs read them, faults look like faults, and the bill adds up. */

import { get } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { startAnthropicUpstream } from '../../support/upstream/anthropic.ts';
import { startOpenAiUpstream } from '../../support/upstream/responses.ts';
import type { Script } from '../../support/upstream/script.ts';
import type { StandIn } from '../../support/upstream/stand-in.ts';

const running: StandIn[] = [];
afterEach(async () => {
	await Promise.all(running.splice(0).map((standIn) => standIn.close()));
});

async function anthropic(script: Script) {
	const standIn = await startAnthropicUpstream({ script });
	running.push(standIn);
	return { standIn, client: new Anthropic({ baseURL: standIn.url, apiKey: 'k', maxRetries: 0 }) };
}

async function openai(script: Script) {
	const standIn = await startOpenAiUpstream({ script });
	running.push(standIn);
	return { standIn, client: new OpenAI({ baseURL: `${standIn.url}/v1`, apiKey: 'k', maxRetries: 0 }) };
}

const ask = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] };
const chat = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'hello' }] };
const toolUse = { content: ['I look.', { tool: 'Read', input: { path: 'a.ts' } }] };

describe('the Anthropic stand-in', () => {
	test('streams text, thinking and a tool call that the SDK puts together, and bills what it reported', async () => {
		const { standIn, client } = await anthropic(() => ({ content: [{ thinking: 'hm' }, ...toolUse.content] }));
		const message = await client.messages.stream(ask).finalMessage();
		expect(message.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use']);
		expect(message.content[2]).toMatchObject({ name: 'Read', input: { path: 'a.ts' } });
		expect(message.stop_reason).toBe('tool_use');
		expect(standIn.bill.charges).toEqual([
			{
				model: ask.model,
				state: 'complete',
				tokens: expect.objectContaining({ inputTokens: message.usage.input_tokens, outputTokens: message.usage.output_tokens }),
			},
		]);
		expect(standIn.bill.totalNanoUsd()).toBe(message.usage.input_tokens * 3_000 + message.usage.output_tokens * 15_000);
	});

	test('names tool results and the typed text for scripts', async () => {
		const seen: unknown[] = [];
		const { client } = await anthropic((turn) => {
			seen.push(turn.lastUserText, turn.toolResults);
			return { content: ['ok'] };
		});
		await client.messages.create({
			...ask,
			messages: [
				...ask.messages,
				{ role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Read', input: {} }] },
				{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'body', is_error: true }] },
			],
		});
		expect(seen).toEqual(['hello', [{ name: 'Read', text: 'body', isError: true }]]);
	});

	test('an output cap cuts the answer', async () => {
		const { client } = await anthropic(() => ({ content: ['word '.repeat(100)] }));
		const message = await client.messages.create({ ...ask, max_tokens: 7 });
		expect(message.stop_reason).toBe('max_tokens');
		expect(message.usage.output_tokens).toBe(7);
	});

	test('a second call with cache marks reads what the first wrote', async () => {
		const { client } = await anthropic(() => ({ content: ['ok'] }));
		const marked = {
			...ask,
			system: [{ type: 'text' as const, text: 'rules '.repeat(50), cache_control: { type: 'ephemeral' as const } }],
		};
		const first = await client.messages.create(marked);
		const second = await client.messages.create(marked);
		expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(50);
		expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
		expect(second.usage.cache_creation_input_tokens).toBe(0);
	});

	test('refusals, error events and cut streams raise the SDK classes', async () => {
		const { standIn, client } = await anthropic(() => ({ status: 429, headers: { 'retry-after': '7' } }));
		await expect(client.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
		standIn.setScript(() => ({ status: 529 }));
		await expect(client.messages.create(ask)).rejects.toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } });
		standIn.setScript(() => ({ content: ['hello there'], errorAfterEvents: 3 }));
		await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow(/Overloaded/);
		standIn.setScript(() => ({ content: ['hello there'], cutAfterEvents: 4 }));
		await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow();
		expect(standIn.bill.charges.map((charge) => charge.state)).toEqual(['cut', 'cut']);
		expect(standIn.bill.totalNanoUsd()).toBeGreaterThan(0);
	});

	test('an abort is seen at once, and only what was generated is billed', async () => {
		const { standIn, client } = await anthropic(() => ({ content: ['word '.repeat(1_000)], betweenEventsMs: 5 }));
		const stream = client.messages.stream({ ...ask, max_tokens: 5_000 });
		stream.on('text', () => stream.abort());
		await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
		await expect.poll(() => standIn.calls[0]?.abortedAtMs).toBeDefined();
		await expect.poll(() => standIn.bill.charges[0]?.state).toBe('aborted');
		expect(standIn.bill.charges[0]?.tokens.outputTokens).toBeLessThan(1_000);
	});

	test('a hang before the head lasts until the caller goes away', async () => {
		const { standIn, client } = await anthropic(() => ({ content: ['x'], hangAfterEvents: -1 }));
		await expect(client.messages.create(ask, { timeout: 100 })).rejects.toBeInstanceOf(Anthropic.APIConnectionTimeoutError);
		await expect.poll(() => standIn.calls[0]?.abortedAtMs).toBeDefined();
	});
});

describe('the Chat Completions stand-in', () => {
	test('streams a tool call and reports usage where it was asked for', async () => {
		const { standIn, client } = await openai(() => toolUse);
		const whole = await client.chat.completions.stream({ ...chat, stream_options: { include_usage: true } }).finalChatCompletion();
		expect(whole.choices[0]?.message.content).toBe('I look.');
		const call = whole.choices[0]?.message.tool_calls?.[0];
		expect(call?.type === 'function' ? call.function : undefined).toMatchObject({ name: 'Read', arguments: '{"path":"a.ts"}' });
		expect(whole.usage?.completion_tokens).toBe(standIn.bill.charges[0]?.tokens.outputTokens);
		const plain = await client.chat.completions.stream(chat).finalChatCompletion();
		expect(plain.usage).toBeUndefined();
	});

	test('refusals and dead sockets raise the SDK classes', async () => {
		const { standIn, client } = await openai(() => ({ status: 401 }));
		await expect(client.chat.completions.create(chat)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
		standIn.setScript(() => ({ content: ['hello'], cutAfterEvents: 0 }));
		await expect(client.chat.completions.create(chat)).rejects.toThrow();
		standIn.setScript(() => ({ content: ['hello there '.repeat(20)], cutAfterEvents: 3 }));
		await expect(client.chat.completions.stream(chat).finalChatCompletion()).rejects.toThrow();
	});

	test('lists models', async () => {
		const { client } = await openai(() => toolUse);
		expect((await client.models.list()).data.map((model) => model.id)).toContain('gpt-5.5');
	});
});

describe('the Responses stand-in', () => {
	const ask = { model: 'gpt-5.5', input: 'hello' };

	test('streams reasoning, text, a function and a freeform call that the SDK puts together, and bills what it reported', async () => {
		const freeform = { freeformTool: 'apply_patch', text: '*** Begin Patch' };
		const { standIn, client } = await openai(() => ({ content: [{ thinking: 'hm' }, ...toolUse.content, freeform] }));
		const response = await client.responses.stream(ask).finalResponse();
		expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call', 'custom_tool_call']);
		expect(response.output_text).toBe('I look.');
		expect(response.output[2]).toMatchObject({ name: 'Read', arguments: '{"path":"a.ts"}' });
		expect(response.output[3]).toMatchObject({ name: 'apply_patch', input: '*** Begin Patch' });
		const { input_tokens, output_tokens } = response.usage ?? {};
		expect(standIn.bill.charges[0]?.tokens).toMatchObject({ inputTokens: input_tokens, outputTokens: output_tokens });
	});

	test('stops at the cap, refuses like its vendor, and has no WebSocket', async () => {
		const { standIn, client } = await openai(() => ({ content: ['word '.repeat(100)] }));
		const response = await client.responses.create({ ...ask, max_output_tokens: 16 });
		expect([response.status, response.incomplete_details?.reason]).toEqual(['incomplete', 'max_output_tokens']);
		expect(response.usage?.output_tokens).toBe(16);
		standIn.setScript(() => ({ status: 429 }));
		await expect(client.responses.create(ask)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
		const headers = { connection: 'Upgrade', upgrade: 'websocket' };
		const status = await new Promise((resolve) => get(`${standIn.url}/v1/responses`, { headers }, ({ statusCode }) => resolve(statusCode)));
		expect(status).toBe(426);
	});
});
