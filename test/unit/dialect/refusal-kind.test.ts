import { describe, expect, it } from 'vitest';
import { openingError, refusalKind } from '../../../appliance/dialect/refusal-kind.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const anthropic = (message: string) => ({ type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_1' });
const openai = (message: string, code: string | null) => ({ error: { message, type: 'invalid_request_error', param: null, code } });

describe('the vendors’ own errors', () => {
	it.each([
		['anthropic, prompt', 400, anthropic('prompt is too long: 210000 tokens > 200000 maximum')],
		[
			'anthropic, prompt and cap',
			400,
			anthropic(
				'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again',
			),
		],
		[
			'openai',
			400,
			openai(
				"This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.",
				'context_length_exceeded',
			),
		],
		['openai, responses', 400, openai('Your input exceeds the context window of this model.', 'context_length_exceeded')],
		[
			'deepseek',
			400,
			openai("This model's maximum context length is 65536 tokens. However, you requested 70000 tokens.", 'invalid_request_error'),
		],
		[
			'gemini, pretty and in a list',
			400,
			JSON.stringify(
				[
					{
						error: {
							code: 400,
							message: 'The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).',
							status: 'INVALID_ARGUMENT',
						},
					},
				],
				null,
				2,
			),
		],
	])('say that the prompt is too long: %s', (_, status, body) => {
		expect(refusalKind(status, bytes(body))).toBe('context-window');
	});

	it.each([
		['anthropic', 400, anthropic('Output blocked by content filtering policy')],
		['openai, prompt', 400, openai('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt')],
		['openai, policy', 400, openai('Your request was rejected as a result of our safety system.', 'content_policy_violation')],
		[
			'azure',
			400,
			{
				error: {
					message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
					code: 'content_filter',
					status: 400,
				},
			},
		],
		['deepseek', 400, openai('Content Exists Risk', 'invalid_request_error')],
	])('refuse the content: %s', (_, status, body) => {
		expect(refusalKind(status, bytes(body))).toBe('content-policy');
	});

	it.each([
		['another fault of the call', 400, anthropic('messages: roles must alternate')],
		['a field that is named like it', 400, anthropic('context_management: Extra inputs are not permitted')],
		[
			'a body too large for the wire',
			413,
			{ type: 'error', error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } },
		],
		['an overload', 529, anthropic('Overloaded')],
		['a rate limit that speaks of context', 429, openai('prompt is too long for your tokens per minute', 'rate_limit_exceeded')],
		['nothing', 400, ''],
	])('are neither: %s', (_, status, body) => {
		expect(refusalKind(status, bytes(body))).toBeUndefined();
	});
});

describe('a stream’s opening', () => {
	it.each([
		['event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n', 'overloaded'],
		['event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Internal server error"}}\n\n', 'server-error'],
		[
			'event: error\ndata: {"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}\n\n',
			'content-policy',
		],
		['data: {"error":{"message":"The server had an error","type":"server_error"}}\n\n', 'server-error'],
		['data: {"error":{"message":"too long","code":"context_length_exceeded"}}\n\n', 'context-window'],
		['event: message_start\ndata: {"type":"message_start"}\n\nevent: error\n', undefined],
		['data: {"id":"c","choices":[{"delta":{"content":"data: {\\"error\\""}}]}\n\n', undefined],
		[': ping\n\n', undefined],
		['', undefined],
	])('%j is %s', (text, kind) => {
		expect(openingError(bytes(text))).toBe(kind);
	});
});
