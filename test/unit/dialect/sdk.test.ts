/** The vendors' own SDKs read what we write. */

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { Problem, type ProblemCode } from '../../../appliance/protocol/problem.ts';
import type { Reply, StreamPart } from '../../../appliance/protocol/stream.ts';
import { EXAMPLE, partsOf } from './answers.ts';
import { EVENT_STREAM, ok, withSdks } from './sdk-server.ts';
import { decode } from './wire.ts';

const { anthropic: messages, 'chat-completions': chat, responses } = DIALECTS_BY_NAME;
const ask = { model: 'claude-opus-5-5', max_tokens: 9, messages: [{ role: 'user' as const, content: 'x' }] };
const askChat = { model: 'gpt-6-astra', messages: [{ role: 'user' as const, content: 'x' }] };
const messagesCall = decode('anthropic', { ...ask, stream: true });
const chatCall = decode('chat-completions', { ...askChat, stream: true, stream_options: { include_usage: true } });

function messageStream(parts: readonly StreamPart[]): string {
	const encoder = messages.createStreamEncoder(messagesCall);
	return parts.map((part) => encoder.encode(part)).join('');
}

function chatStream(parts: readonly StreamPart[]): string {
	const encoder = chat.createStreamEncoder(chatCall, 1_790_000_000_000);
	return parts.map((part) => encoder.encode(part)).join('');
}

const CONTENT = [
	{ type: 'text', text: 'Grüße 😀, I read it.' },
	{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: { file_path: 'größe.ts', limit: 10 } },
	{ type: 'tool_use', id: 'toolu_2', name: 'Glob', input: {} },
];

const TOOL_CALLS = [
	{ id: 'toolu_1', type: 'function', function: { name: 'Read', arguments: '{"file_path":"größe.ts","limit":10}' } },
	{ id: 'toolu_2', type: 'function', function: { name: 'Glob', arguments: '{}' } },
];

describe('@anthropic-ai/sdk', () => {
	it('reads a stream', async () => {
		const message = await withSdks(ok(messageStream(partsOf(EXAMPLE)), EVENT_STREAM), ({ anthropic }) =>
			anthropic.messages.stream(ask).finalMessage(),
		);
		expect(message).toMatchObject({
			id: 'msg_local_1',
			role: 'assistant',
			model: 'gemma-4-e2b',
			content: CONTENT,
			stop_reason: 'tool_use',
		});
		expect(message.usage).toMatchObject({ input_tokens: 100, cache_read_input_tokens: 900, output_tokens: 42 });
	});

	it('reads a whole message', async () => {
		const reply = ok(messages.encodeReply(EXAMPLE, messagesCall));
		const message = await withSdks(reply, ({ anthropic }) => anthropic.messages.create(ask));
		expect(message).toMatchObject({ content: CONTENT, stop_reason: 'tool_use', usage: { input_tokens: 100, output_tokens: 42 } });
	});

	it('reads a token count and the models', async () => {
		expect(await withSdks(ok(messages.encodeTokenCount(7)), ({ anthropic }) => anthropic.messages.countTokens(ask))).toEqual({
			input_tokens: 7,
		});
		const published = {
			id: 'claude-inner',
			displayName: 'Inner loop',
			contextTokens: 8_192,
			maxOutputTokens: 1_024,
			createdAt: '2026-11-01T00:00:00Z',
		};
		const page = await withSdks(ok(messages.encodeModels([published])), ({ anthropic }) => anthropic.models.list());
		expect(page.data).toMatchObject([
			{ id: 'claude-inner', display_name: 'Inner loop', type: 'model', max_input_tokens: 8_192, max_tokens: 1_024 },
		]);
		expect(page.hasNextPage()).toBe(false);
	});

	it('throws the error of a stream that fails on its way', async () => {
		const parts = partsOf(EXAMPLE).slice(0, 3);
		const body = messageStream(parts) + messages.encodeStreamProblem(new Problem('local-failed', 'The engine went away.'), 'call-1');
		const failed = withSdks(ok(body, EVENT_STREAM), ({ anthropic }) => anthropic.messages.stream(ask).finalMessage());
		await expect(failed).rejects.toThrow(/The engine went away/);
		await expect(failed).rejects.toBeInstanceOf(Anthropic.APIError);
	});

	it.each<[ProblemCode, number, string]>([
		['invalid-call', 400, 'invalid_request_error'],
		['unauthenticated', 401, 'authentication_error'],
		['forbidden', 403, 'permission_error'],
		['not-found', 404, 'not_found_error'],
		['call-too-large', 413, 'request_too_large'],
		['rate-limited', 429, 'rate_limit_error'],
		['budget-exhausted', 402, 'billing_error'],
		['local-busy', 529, 'overloaded_error'],
		['upstream-timeout', 504, 'timeout_error'],
		['internal', 500, 'api_error'],
	])('knows the Problem %s by its status and type', async (code, status, type) => {
		const problem = new Problem(code, 'In words.', { retryAfterSeconds: 3 });
		const caught = await withSdks(messages.encodeProblem(problem, 'call-1'), ({ anthropic }) =>
			anthropic.messages.create(ask).catch((error: unknown) => error),
		);
		expect(caught).toBeInstanceOf(Anthropic.APIError);
		expect(caught).toMatchObject({ status, type, requestID: 'call-1' });
	});
});

describe('openai', () => {
	it('reads a stream', async () => {
		const read = withSdks(ok(chatStream(partsOf(EXAMPLE)), EVENT_STREAM), ({ openai }) =>
			openai.chat.completions.stream({ ...askChat, stream_options: { include_usage: true } }).finalChatCompletion(),
		);
		const completion = await read;
		expect(completion).toMatchObject({ id: 'msg_local_1', model: 'gemma-4-e2b', created: 1_790_000_000 });
		expect(completion.choices).toMatchObject([
			{ finish_reason: 'tool_calls', message: { content: 'Grüße 😀, I read it.', tool_calls: TOOL_CALLS } },
		]);
		expect(completion.usage).toMatchObject({ prompt_tokens: 1_000, completion_tokens: 42, prompt_tokens_details: { cached_tokens: 900 } });
	});

	it('reads a whole completion', async () => {
		const reply = ok(chat.encodeReply(EXAMPLE, chatCall, 1_790_000_000_000));
		const completion = await withSdks(reply, ({ openai }) => openai.chat.completions.create(askChat));
		expect(completion.choices).toMatchObject([
			{ finish_reason: 'tool_calls', message: { content: 'Grüße 😀, I read it.', tool_calls: TOOL_CALLS } },
		]);
		expect(completion.usage?.total_tokens).toBe(1_042);
	});

	it('reads the models', async () => {
		const published = { id: 'inner', displayName: 'Inner', contextTokens: 1, maxOutputTokens: 1, createdAt: '2026-11-01T00:00:00Z' };
		const page = await withSdks(ok(chat.encodeModels([published])), ({ openai }) => openai.models.list());
		expect(page.data).toEqual([{ id: 'inner', object: 'model', created: 1_793_491_200, owned_by: 'innerloop' }]);
	});

	it('throws the error of a stream that fails on its way', async () => {
		const body =
			chatStream(partsOf(EXAMPLE).slice(0, 3)) + chat.encodeStreamProblem(new Problem('local-failed', 'The engine went away.'), 'call-1');
		const failed = withSdks(ok(body, EVENT_STREAM), ({ openai }) => openai.chat.completions.stream(askChat).finalChatCompletion());
		await expect(failed).rejects.toThrow(/The engine went away/);
	});

	it.each<[ProblemCode, number, string, string]>([
		['invalid-call', 400, 'invalid_request_error', 'invalid_call'],
		['unauthenticated', 401, 'authentication_error', 'invalid_api_key'],
		['context-window-exceeded', 400, 'invalid_request_error', 'context_length_exceeded'],
		['budget-exhausted', 402, 'insufficient_quota', 'insufficient_quota'],
		['rate-limited', 429, 'rate_limit_error', 'rate_limit_exceeded'],
		['internal', 500, 'server_error', 'internal'],
	])('knows the Problem %s by its status, type and code', async (code, status, type, wireCode) => {
		const problem = new Problem(code, 'In words.', { details: { field: 'max_tokens' } });
		const caught = await withSdks(chat.encodeProblem(problem, 'call-1'), ({ openai }) =>
			openai.chat.completions.create(askChat).catch((error: unknown) => error),
		);
		expect(caught).toBeInstanceOf(OpenAI.APIError);
		expect(caught).toMatchObject({ status, type, code: wireCode, param: 'max_tokens', requestID: 'call-1' });
	});
});

describe('openai, Responses', () => {
	const asked = { model: 'gpt-6-astra', input: 'x', max_output_tokens: 64 };
	const call = decode('responses', { ...asked, stream: true });
	const streamOf = (parts: readonly StreamPart[]) => {
		const encoder = responses.createStreamEncoder(call, 1_790_000_000_000);
		return parts.map((part) => encoder.encode(part)).join('');
	};
	const native = { dialect: 'anthropic' as const, value: { signature: 's' } };
	const REPLY: Reply = {
		...EXAMPLE,
		content: [
			{ type: 'thinking', text: 'Read first.', native },
			...EXAMPLE.content,
			{ type: 'tool-call', id: 'call_3', name: 'apply_patch', isFreeform: true, input: '*** Begin Patch' },
		],
	};
	const OUTPUT = [
		{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Read first.' }] },
		{ type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Grüße 😀, I read it.' }] },
		{ type: 'function_call', call_id: 'toolu_1', name: 'Read', arguments: '{"file_path":"größe.ts","limit":10}' },
		{ type: 'function_call', call_id: 'toolu_2', name: 'Glob', arguments: '{}' },
		{ type: 'custom_tool_call', call_id: 'call_3', name: 'apply_patch', input: '*** Begin Patch' },
	];
	const USAGE = { input_tokens: 1_000, output_tokens: 42, total_tokens: 1_042, input_tokens_details: { cached_tokens: 900 } };

	it('reads a stream, each event in its place', async () => {
		const seen: string[] = [];
		const response = await withSdks(ok(streamOf(partsOf(REPLY)), EVENT_STREAM), ({ openai }) => {
			const stream = openai.responses.stream(asked);
			stream.on('event', ({ type }) => seen.push(type));
			return stream.finalResponse();
		});
		expect(response).toMatchObject({
			id: 'msg_local_1',
			model: 'gemma-4-e2b',
			status: 'completed',
			created_at: 1_790_000_000,
			output: OUTPUT,
		});
		expect(response.output_text).toBe('Grüße 😀, I read it.');
		expect(response.usage).toMatchObject(USAGE);
		const whole = seen.filter((type, index) => type !== seen[index - 1]).map((type) => type.replace(/^response\./, ''));
		expect(whole).toEqual([
			...['created', 'in_progress'],
			...['output_item.added', 'reasoning_summary_part.added', 'reasoning_summary_text.delta', 'reasoning_summary_text.done'],
			...['reasoning_summary_part.done', 'output_item.done'],
			...['output_item.added', 'content_part.added', 'output_text.delta', 'output_text.done', 'content_part.done', 'output_item.done'],
			...['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.done', 'output_item.done'],
			...['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.done', 'output_item.done'],
			...['output_item.added', 'custom_tool_call_input.delta', 'custom_tool_call_input.done', 'output_item.done'],
			'completed',
		]);
	});

	it('reads a stream without the helper: numbered without a gap, items and places agreeing', async () => {
		const events = await withSdks(ok(streamOf(partsOf(REPLY)), EVENT_STREAM), async ({ openai }) => {
			const read = [];
			for await (const event of await openai.responses.create({ ...asked, stream: true })) read.push(event);
			return read;
		});
		expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
		const added = events.filter((event) => event.type === 'response.output_item.added');
		expect(added.map(({ output_index }) => output_index)).toEqual([0, 1, 2, 3, 4]);
		for (const event of events) {
			if ('item_id' in event && 'output_index' in event) expect(event.item_id).toBe(added[event.output_index]?.item.id);
		}
	});

	it('reads an answer that its cap cut', async () => {
		const cut: Reply = { ...EXAMPLE, content: [{ type: 'text', text: 'To be cont' }], finish: 'length' };
		const response = await withSdks(ok(streamOf(partsOf(cut)), EVENT_STREAM), ({ openai }) =>
			openai.responses.stream(asked).finalResponse(),
		);
		expect(response).toMatchObject({
			status: 'incomplete',
			incomplete_details: { reason: 'max_output_tokens' },
			output: [{ status: 'incomplete' }],
		});
	});

	it('reads a whole response', async () => {
		const response = await withSdks(ok(responses.encodeReply(REPLY, call, 1_790_000_000_000)), ({ openai }) =>
			openai.responses.create(asked),
		);
		expect(response).toMatchObject({ status: 'completed', output: OUTPUT, usage: USAGE, output_text: 'Grüße 😀, I read it.' });
	});

	it('reads a token count and the models', async () => {
		const count = await withSdks(ok(responses.encodeTokenCount(7)), ({ openai }) => openai.responses.inputTokens.count(asked));
		expect(count.input_tokens).toBe(7);
		const published = { id: 'inner', displayName: 'Inner', contextTokens: 1, maxOutputTokens: 1, createdAt: '2026-11-01T00:00:00Z' };
		const page = await withSdks(ok(responses.encodeModels([published])), ({ openai }) => openai.models.list());
		expect(page.data).toEqual([{ id: 'inner', object: 'model', created: 1_793_491_200, owned_by: 'innerloop' }]);
	});

	it('throws the error of a stream that fails on its way', async () => {
		const problem = new Problem('local-failed', 'The engine went away.');
		const parts: StreamPart[] = [...partsOf(EXAMPLE).slice(0, 3), { type: 'error', problem }];
		for (const body of [streamOf(parts), streamOf(parts.slice(0, -1)) + responses.encodeStreamProblem(problem, 'call-1')]) {
			const failed = withSdks(ok(body, EVENT_STREAM), ({ openai }) => openai.responses.stream(asked).finalResponse());
			await expect(failed).rejects.toThrow(/The engine went away/);
			await expect(failed).rejects.toBeInstanceOf(OpenAI.APIError);
		}
	});

	it('knows a Problem by its status, type and code', async () => {
		const problem = new Problem('context-window-exceeded', 'In words.', { details: { field: 'input' } });
		const caught = await withSdks(responses.encodeProblem(problem, 'call-1'), ({ openai }) =>
			openai.responses.create(asked).catch((error: unknown) => error),
		);
		expect(caught).toBeInstanceOf(OpenAI.APIError);
		expect(caught).toMatchObject({ status: 400, code: 'context_length_exceeded', param: 'input', requestID: 'call-1' });
	});
});
