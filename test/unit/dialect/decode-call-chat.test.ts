import { describe, expect, it } from 'vitest';
import { decode, digest, problemOf, tryDecode } from './wire.ts';

const user = (content: unknown) => ({ role: 'user', content });
const plain = { model: 'gpt-6-astra', messages: [user('Fix it')] };
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const signalsOf = (body: object, headers: Record<string, string> = {}) =>
	decode('chat-completions', { ...plain, ...body }, headers).signals;

describe('decoding a Chat Completions call', () => {
	it('reads what the walk acts on', () => {
		const call = decode('chat-completions', { ...plain, stream: null, max_tokens: 9, max_completion_tokens: null, tools: [tool('read')] });
		expect(call).toMatchObject({
			dialect: 'chat-completions',
			operation: 'generate',
			isStream: false,
			outputCapTokens: 9,
			unboundedFields: [],
		});
		expect(call.signals).toMatchObject({ toolNames: ['read'], toolChoice: 'auto', firstUserDigest: digest('Fix it'), userTurnCount: 1 });
	});

	it.each([
		['auto', 'auto'],
		['none', 'none'],
		['required', 'any'],
		[{ type: 'function', function: { name: 'read' } }, { name: 'read' }],
		[{ type: 'custom', custom: { name: 'patch' } }, { name: 'patch' }],
		[{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } }, 'any'],
	])('reads tool_choice %j', (choice, expected) => {
		expect(signalsOf({ tool_choice: choice }).toolChoice).toEqual(expected);
	});

	it.each([
		[{ ...plain, max_completion_tokens: 0 }, 'max_completion_tokens: expected a whole number from 1, found 0'],
		[{ ...plain, messages: [{ role: 'user' }] }, 'messages[0].content: expected a string or an array of parts, found nothing'],
		[{ ...plain, messages: [user([{ type: 1 }])] }, 'messages[0].content[0]: expected an object with a type'],
		[{ ...plain, tools: [{ type: 'function' }] }, 'tools[0].function: expected an object, found nothing'],
		[{ ...plain, tool_choice: 'sometimes' }, 'tool_choice: expected auto, none, required'],
		[{ ...plain, stream: 1 }, 'stream: expected true or false, found 1'],
	])('refuses %j and names the field', (body, words) => {
		expect(problemOf(tryDecode('chat-completions', body)).message).toContain(words);
	});

	it('refuses other paths', () => {
		expect(problemOf(tryDecode('chat-completions', plain, {}, '/v1/completions')).code).toBe('not-found');
	});

	it('names the tools whose results are the newest turn', () => {
		const calls = [
			{ id: '1', type: 'function', function: { name: 'read', arguments: '{}' } },
			{ id: '2', type: 'custom', custom: { name: 'patch', input: '' } },
		];
		const turns = [
			user('Fix it'),
			{ role: 'assistant', content: null, tool_calls: calls },
			{ role: 'tool', tool_call_id: '2', content: 'b' },
			{ role: 'tool', tool_call_id: '1', content: 'a' },
		];
		expect(signalsOf({ messages: turns }).answeredToolNames).toEqual(['patch', 'read']);
		expect(signalsOf({ messages: [...turns, user('Now test')] })).toMatchObject({ answeredToolNames: [], userTurnCount: 2 });
	});

	it('has a prefix digest of system texts and tools alone', () => {
		const system = { role: 'system', content: 'You help.' };
		const one = signalsOf({ messages: [system, user('a')], tools: [tool('read')] }).prefixDigest;
		expect(signalsOf({ messages: [system, user('b'), user('c')], tools: [tool('read')] }).prefixDigest).toBe(one);
		expect(signalsOf({ messages: [system, user('a')] }).prefixDigest).not.toBe(one);
		expect(signalsOf({ messages: [{ ...system, content: 'You plan.' }, user('a')], tools: [tool('read')] }).prefixDigest).not.toBe(one);
	});

	it('knows a title call and a probe by their shape', () => {
		const format = { type: 'json_schema', json_schema: { name: 't', schema: { properties: { title: {} } } } };
		expect(signalsOf({ response_format: format })).toMatchObject({ purpose: 'title', hasStructuredOutput: true });
		expect(signalsOf({ response_format: format, tools: [tool('read')] }).purpose).toBeUndefined();
		expect(signalsOf({ response_format: { type: 'json_object' } }).hasStructuredOutput).toBe(true);
		expect(signalsOf({ response_format: { type: 'text' } }).hasStructuredOutput).toBe(false);
		expect(signalsOf({ max_tokens: 1 }).purpose).toBe('probe');
	});
});

describe('what clients say in headers', () => {
	it.each([
		['OpenAI/JS 7.57.0', 'openai-sdk', '7.57.0'],
		['AsyncOpenAI/Python 3.1.0', 'openai-sdk', '3.1.0'],
		['Anthropic/JS 1.12.0', 'anthropic-sdk', '1.12.0'],
		['opencode/1.4.2', 'opencode', '1.4.2'],
		['codex_cli_rs/0.60.1 (Debian 12; x86_64)', 'codex', '0.60.1'],
		['aider/0.90', 'aider', '0.90'],
		['curl/8', 'unknown', undefined],
	])('user agent %s', (agent, name, version) => {
		expect(signalsOf({}, { 'user-agent': agent }).client).toEqual({ name, version });
	});

	it('opencode: a session, and a sub-agent as a session with a parent', () => {
		const agent = { 'user-agent': 'opencode/1.4.2' };
		expect(signalsOf({}, { ...agent, 'x-session-id': 's' })).toMatchObject({ sessionId: 's', agentId: undefined, isSubagent: false });
		expect(signalsOf({}, { ...agent, 'x-session-affinity': 's' }).sessionId).toBe('s');
		expect(signalsOf({}, { ...agent, 'x-session-id': 'c', 'x-parent-session-id': 's' })).toMatchObject({
			sessionId: 's',
			agentId: 'c',
			isSubagent: true,
		});
	});

	it('codex: its turn metadata', () => {
		const turn = {
			session_id: 's',
			thread_id: 't2',
			parent_thread_id: 't1',
			turn_id: 'u',
			subagent_kind: 'review',
			agent_role: 'reviewer',
		};
		expect(signalsOf({}, { 'x-codex-turn-metadata': JSON.stringify(turn) })).toMatchObject({
			sessionId: 's',
			agentId: 't2',
			parentAgentId: 't1',
			promptId: 'u',
			agentType: 'reviewer',
			isSubagent: true,
		});
		expect(signalsOf({}, { 'user-agent': 'codex_cli_rs/1', 'session-id': 's', 'x-openai-subagent': 'compact' })).toMatchObject({
			sessionId: 's',
			purpose: 'compaction',
		});
		expect(signalsOf({}, { 'x-codex-turn-metadata': '{broken' }).sessionId).toBeUndefined();
	});
});

describe('media and cost', () => {
	it('finds inline media', () => {
		const content = [
			{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
			{ type: 'input_audio', input_audio: { data: 'BBBBBB', format: 'wav' } },
			{ type: 'file', file: { file_data: 'data:application/pdf;base64,CC', filename: 'a.pdf' } },
		];
		const call = decode('chat-completions', { ...plain, messages: [user(content)] });
		expect(call.modalities).toEqual(['text', 'image', 'document', 'audio']);
		expect(call.size).toMatchObject({ inlineMediaCount: 3, remoteMediaCount: 0 });
		expect(call.unboundedFields).toEqual([]);
	});

	it.each([
		{ type: 'image_url', image_url: { url: 'https://example.test/a.png' } },
		{ type: 'file', file: { file_id: 'f' } },
	])('counts media by reference: %j', (part) => {
		const call = decode('chat-completions', { ...plain, messages: [user([part])] });
		expect(call.unboundedFields).toEqual([]);
		expect(call.size.remoteMediaCount).toBe(1);
	});

	it('names what no byte bounds', () => {
		const part = { type: 'video_url', video_url: { url: 'data:' } };
		expect(decode('chat-completions', { ...plain, messages: [user([part])] }).unboundedFields).toEqual(['content part video_url']);
	});

	it('names a tool that the vendor runs, and counts audio that it keeps', () => {
		const messages = [user('x'), { role: 'assistant', audio: { id: 'a' } }];
		const call = decode('chat-completions', { ...plain, messages, tools: [tool('read'), { type: 'web_search' }] });
		expect(call.unboundedFields).toEqual(['tools: web_search']);
		expect(call.size.remoteMediaCount).toBe(1);
		expect(call.signals.serverToolTypes).toEqual(['web_search']);
	});

	it('tells no more names than a person reads, and none longer or stranger', () => {
		const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x${index}`, 1]));
		const { unknownFields = [] } = decode('chat-completions', { ...plain, [`\n${'é'.repeat(100)}`]: 1, ...many });
		expect(unknownFields).toHaveLength(17);
		expect(unknownFields[0]).toBe('?'.repeat(64));
		expect(unknownFields.at(-1)).toBe('185 more');
	});

	it('lets the plain options of the SDK pass', () => {
		const options = {
			n: 1,
			stop: ['x'],
			seed: 7,
			temperature: 0.5,
			top_p: 1,
			user: 'u',
			store: false,
			service_tier: 'default',
			modalities: ['text'],
		};
		const more = {
			stream: true,
			stream_options: { include_usage: true },
			parallel_tool_calls: false,
			reasoning_effort: 'low',
			logprobs: true,
		};
		expect(decode('chat-completions', { ...plain, ...options, ...more }).unboundedFields).toEqual([]);
	});
});
