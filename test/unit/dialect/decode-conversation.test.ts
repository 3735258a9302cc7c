import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import type { Conversation } from '../../../appliance/protocol/conversation.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import type { DialectName } from '../../../appliance/protocol/words.ts';
import { bytesOf, problemOf } from './wire.ts';

function converse(dialect: DialectName, body: unknown): Conversation {
	const conversation = DIALECTS_BY_NAME[dialect].decodeConversation(bytesOf(body));
	if (conversation instanceof Problem) throw conversation;
	return conversation;
}

const text = (value: string) => ({ type: 'text' as const, text: value });
const schema = { type: 'object', properties: { path: { type: 'string' } } };

/** What both bodies below say. */
const SAID: Conversation = {
	messages: [
		{ role: 'system', content: [text('You help.')] },
		{
			role: 'user',
			content: [text('Fix it'), { type: 'media', modality: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AA' } }],
		},
		{
			role: 'assistant',
			content: [
				text('I look.'),
				{ type: 'tool-call', id: 't1', name: 'read', input: { path: 'a' } },
				{ type: 'tool-call', id: 't2', name: 'list', input: {} },
			],
		},
		{
			role: 'user',
			content: [
				{ type: 'tool-result', callId: 't1', name: 'read', isError: false, content: [text('one')] },
				{ type: 'tool-result', callId: 't2', name: 'list', isError: false, content: [text('two')] },
			],
		},
		{ role: 'system', content: [text('Be brief.')] },
	],
	tools: [{ name: 'read', description: 'Reads.', inputSchema: schema }],
	toolChoice: { name: 'read' },
	isParallelToolUseAllowed: false,
	outputCapTokens: 100,
	temperature: 0.5,
	topP: 0.9,
	topK: undefined,
	seed: undefined,
	stopSequences: ['END'],
	outputSchema: schema,
};

describe('the same conversation in both dialects', () => {
	it('is read from Messages', () => {
		const body = {
			model: 'a',
			system: [text('x-anthropic-billing-header: cch=1;'), text('You help.')],
			max_tokens: 100,
			temperature: 0.5,
			top_p: 0.9,
			stop_sequences: ['END'],
			tools: [{ name: 'read', description: 'Reads.', input_schema: schema }],
			tool_choice: { type: 'tool', name: 'read', disable_parallel_tool_use: true },
			output_config: { format: { type: 'json_schema', schema } },
			messages: [
				{ role: 'user', content: [text('Fix it'), { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } }] },
				{
					role: 'assistant',
					content: [
						text('I look.'),
						{ type: 'tool_use', id: 't1', name: 'read', input: { path: 'a' } },
						{ type: 'tool_use', id: 't2', name: 'list', input: {} },
					],
				},
				{
					role: 'user',
					content: [
						{ type: 'tool_result', tool_use_id: 't1', content: 'one' },
						{ type: 'tool_result', tool_use_id: 't2', content: [text('two')] },
					],
				},
				{ role: 'system', content: 'Be brief.' },
			],
		};
		expect(converse('anthropic', body)).toEqual({ ...SAID, isOutputStrict: true });
	});

	it('is read from Chat Completions', () => {
		const body = {
			model: 'a',
			max_completion_tokens: 100,
			temperature: 0.5,
			top_p: 0.9,
			stop: 'END',
			parallel_tool_calls: false,
			tools: [{ type: 'function', function: { name: 'read', description: 'Reads.', parameters: schema } }],
			tool_choice: { type: 'function', function: { name: 'read' } },
			response_format: { type: 'json_schema', json_schema: { name: 'r', schema } },
			messages: [
				{ role: 'system', content: 'You help.' },
				{ role: 'user', content: [text('Fix it'), { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
				{
					role: 'assistant',
					content: 'I look.',
					tool_calls: [
						{ id: 't1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } },
						{ id: 't2', type: 'function', function: { name: 'list', arguments: '' } },
					],
				},
				{ role: 'tool', tool_call_id: 't1', content: 'one' },
				{ role: 'tool', tool_call_id: 't2', content: [text('two')] },
				{ role: 'developer', content: 'Be brief.' },
			],
		};
		const messages = SAID.messages.map((message, index) => (index === 4 ? { ...message, isDeveloper: true } : message));
		expect(converse('chat-completions', body)).toEqual({ ...SAID, messages, outputSchemaName: 'r' });
	});
});

describe('Messages', () => {
	const messagesOf = (content: unknown, role = 'user') => converse('anthropic', { messages: [{ role, content }] }).messages[0]?.content;

	it('keeps results whole: errors, images, documents, references', () => {
		const result = {
			type: 'tool_result',
			tool_use_id: 'x',
			is_error: true,
			content: [
				text('failed'),
				{ type: 'image', source: { type: 'base64', data: 'AA' } },
				{ type: 'document', title: 'T', source: { type: 'text', data: 'body' } },
				{ type: 'search_result', title: 'S', source: 'u', content: [text('found')] },
				{ type: 'tool_reference', tool_name: 'Later' },
			],
		};
		const content = [
			text('failed'),
			{ type: 'media', modality: 'image', source: { type: 'base64', mediaType: 'application/octet-stream', data: 'AA' } },
			text('T'),
			text('body'),
			text('S u'),
			text('found'),
			text('Later'),
		];
		expect(messagesOf([result])).toEqual([{ type: 'tool-result', callId: 'x', name: undefined, isError: true, content }]);
	});

	it('keeps thinking and what is encrypted in it, and shows the vendor tools as JSON', () => {
		const blocks = [
			{ type: 'thinking', thinking: 'hm', signature: 's' },
			{ type: 'redacted_thinking', data: 'x' },
			{ type: 'server_tool_use', id: 'q', name: 'web_search', input: { query: 'y' } },
			{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } },
		];
		expect(messagesOf(blocks, 'assistant')).toEqual([
			{ type: 'thinking', text: 'hm', native: { dialect: 'anthropic', value: { signature: 's' } } },
			{ type: 'thinking', text: '', native: { dialect: 'anthropic', value: { data: 'x' } } },
			text('{"type":"server_tool_use","id":"q","name":"web_search","input":{"query":"y"}}'),
			{ type: 'media', modality: 'document', source: { type: 'base64', mediaType: 'application/pdf', data: 'AA' } },
		]);
	});

	it('drops messages with nothing in them', () => {
		expect(converse('anthropic', { messages: [{ role: 'system' }, { role: 'user', content: '' }] }).messages).toEqual([]);
	});

	it('offers deferred tools once a search has named them, and tools with a schema alone', () => {
		const tools = [
			{ name: 'Read', input_schema: {} },
			{ name: 'Later', input_schema: {}, defer_loading: true },
			{ name: 'Never', input_schema: {}, defer_loading: true },
			{ name: 'bash', type: 'bash_20250124' },
		];
		const found = {
			role: 'user',
			content: [{ type: 'tool_result', tool_use_id: 'x', content: [{ type: 'tool_reference', tool_name: 'Later' }] }],
		};
		const names = (messages: unknown[]) => converse('anthropic', { tools, messages }).tools.map(({ name }) => name);
		expect(names([{ role: 'user', content: 'x' }])).toEqual(['Read']);
		expect(names([found])).toEqual(['Read', 'Later']);
	});

	it.each([
		[{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role: expected user, assistant or system, found a string'],
		[{ messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }, 'tool_result.tool_use_id'],
		[{ messages: [], temperature: 'hot' }, 'temperature: expected a number, found a string'],
		[{ messages: [], stop_sequences: 'x' }, 'stop_sequences: expected an array of strings'],
		[{}, 'messages: expected an array of objects, found nothing'],
	])('refuses %j', (body, words) => {
		expect(problemOf(DIALECTS_BY_NAME.anthropic.decodeConversation(bytesOf(body))).message).toContain(words);
	});
});

describe('Chat Completions', () => {
	it('keeps arguments that are no JSON as the text they are', () => {
		const calls = [{ id: '1', type: 'function', function: { name: 'read', arguments: '{broken' } }];
		const { messages } = converse('chat-completions', { messages: [{ role: 'assistant', content: null, tool_calls: calls }] });
		expect(messages[0]?.content).toEqual([{ type: 'tool-call', id: '1', name: 'read', input: '{broken' }]);
	});

	it('offers the allowed tools alone, and no free-form ones', () => {
		const tools = ['read', 'write'].map((name) => ({ type: 'function', function: { name } }));
		const choice = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'read' } }] } };
		const body = {
			messages: [{ role: 'user', content: 'x' }],
			tools: [...tools, { type: 'custom', custom: { name: 'patch' } }],
			tool_choice: choice,
		};
		expect(converse('chat-completions', body)).toMatchObject({
			tools: [{ name: 'read', description: '', inputSchema: { type: 'object', properties: {} } }],
			toolChoice: 'auto',
		});
	});

	it('wants any object for json_object, and nothing for text', () => {
		const of = (format: object) => converse('chat-completions', { messages: [], response_format: format }).outputSchema;
		expect(of({ type: 'json_object' })).toEqual({ type: 'object' });
		expect(of({ type: 'text' })).toBeUndefined();
	});

	it.each([
		[{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
		[{ messages: [{ role: 'tool', content: 'x' }] }, 'tool_call_id'],
		[{ messages: [], stop: 5 }, 'stop: expected a string or an array of strings, found 5'],
	])('refuses %j', (body, words) => {
		expect(problemOf(DIALECTS_BY_NAME['chat-completions'].decodeConversation(bytesOf(body))).message).toContain(words);
	});
});
