/** A call written for another dialect says the same, or names what it does not. */

import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import type { Conversation } from '../../../appliance/protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../../appliance/protocol/ports.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import type { DialectName } from '../../../appliance/protocol/words.ts';
import { bytesOf, problemOf, textOf } from './wire.ts';

const TARGET: CallTarget = { model: 'm', outputCapTokens: 9_000, isStream: true, lacks: [], vendor: undefined };

function converse(dialect: DialectName, body: object): Conversation {
	const conversation = DIALECTS_BY_NAME[dialect].decodeConversation(bytesOf({ model: 'x', max_tokens: 9, ...body }));
	if (conversation instanceof Problem) throw conversation;
	return conversation;
}

function encode(from: DialectName, body: object, to: DialectName, over: Partial<CallTarget> = {}) {
	const encoded = tryEncode(from, body, to, over);
	if (encoded instanceof Problem) throw encoded;
	return {
		json: JSON.parse(textOf(encoded.body)) as Record<string, unknown>,
		losses: encoded.losses.map(({ code }) => code),
		tools: encoded.tools,
	};
}

function tryEncode(from: DialectName, body: object, to: DialectName, over: Partial<CallTarget> = {}): EncodedCall | Problem {
	return DIALECTS_BY_NAME[to].encodeCall(converse(from, body), { ...TARGET, ...over });
}

const user = (content: unknown) => ({ role: 'user', content });
const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } };
const PDF = { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } };

describe('from Messages to Chat Completions', () => {
	const to = (body: object, over?: Partial<CallTarget>) => encode('anthropic', body, 'chat-completions', over);

	it('puts results behind their calls, media behind the results, and keeps the order of calls', () => {
		const { json, losses } = to({
			system: [
				{ type: 'text', text: 'One.' },
				{ type: 'text', text: 'Two.' },
			],
			messages: [
				user('Look.'),
				{
					role: 'assistant',
					content: [
						{ type: 'text', text: 'I look.' },
						{ type: 'tool_use', id: 't1', name: 'a', input: { x: 1 } },
						{ type: 'tool_use', id: 't2', name: 'b', input: {} },
					],
				},
				user([
					{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'seen' }, PNG] },
					{ type: 'tool_result', tool_use_id: 't2', is_error: true, content: 'no such file' },
					{ type: 'text', text: 'Go on.' },
				]),
				{ role: 'system', content: 'Be brief.' },
			],
		});
		expect(json.messages).toEqual([
			{ role: 'system', content: 'One.\n\nTwo.' },
			{ role: 'user', content: 'Look.' },
			{
				role: 'assistant',
				content: 'I look.',
				tool_calls: [
					{ id: 't1', type: 'function', function: { name: 'a', arguments: '{"x":1}' } },
					{ id: 't2', type: 'function', function: { name: 'b', arguments: '{}' } },
				],
			},
			{ role: 'tool', tool_call_id: 't1', content: 'seen' },
			{ role: 'tool', tool_call_id: 't2', content: 'Error: no such file' },
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'Shown by the tool call t1:' },
					{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
					{ type: 'text', text: 'Go on.' },
				],
			},
			{ role: 'system', content: 'Be brief.' },
		]);
		expect(losses).toEqual(['loss-media-place']);
		expect(json).toMatchObject({ model: 'm', max_completion_tokens: 9_000, stream: true, stream_options: { include_usage: true } });
	});

	it('keeps PDFs with their title, and refuses what another vendor keeps', () => {
		expect(to({ messages: [user([PDF])] }).json.messages).toEqual([
			{ role: 'user', content: [{ type: 'file', file: { filename: 'T', file_data: 'data:application/pdf;base64,AA' } }] },
		]);
		for (const source of [
			{ type: 'file', file_id: 'f' },
			{ type: 'url', url: 'https://x/y.pdf' },
		]) {
			const problem = problemOf(tryEncode('anthropic', { messages: [user([{ type: 'document', source }])] }, 'chat-completions'));
			expect([problem.code, problem.message]).toEqual(['not-expressible', expect.stringContaining('cannot be passed to m')]);
		}
	});

	it('says tools, choice and the one-at-a-time rule in its words', () => {
		const tools = [{ name: 'read', description: 'Reads.', input_schema: { type: 'object' }, strict: true }];
		const body = { messages: [user('x')], tools, tool_choice: { type: 'tool', name: 'read', disable_parallel_tool_use: true } };
		expect(to(body).json).toMatchObject({
			tools: [{ type: 'function', function: { name: 'read', description: 'Reads.', parameters: { type: 'object' }, strict: true } }],
			tool_choice: { type: 'function', function: { name: 'read' } },
			parallel_tool_calls: false,
		});
		expect(to({ ...body, tool_choice: { type: 'any' } }).json).toMatchObject({ tool_choice: 'required' });
	});

	it('gives a tool name that is too long a short one, and knows the way back', () => {
		const name = `mcp__${'x'.repeat(90)}`;
		const { json, tools } = to({
			messages: [user('x')],
			tools: [
				{ name, input_schema: {} },
				{ name: `${name}y`, input_schema: {} },
			],
		});
		const wire = (json.tools as { function: { name: string } }[]).map((tool) => tool.function.name);
		expect(wire.every((one) => one.length <= 64) && wire[0] !== wire[1]).toBe(true);
		expect(tools.get(wire[0] ?? '')).toEqual({ name, isFreeform: false });
	});

	it('takes another vendor its reasoning away, and says so', () => {
		const history = [
			user('x'),
			{
				role: 'assistant',
				content: [
					{ type: 'thinking', thinking: 'hm', signature: 's' },
					{ type: 'text', text: 'y' },
				],
			},
			user('z'),
		];
		const { json, losses } = to({ messages: history });
		expect(JSON.stringify(json)).not.toContain('hm');
		expect(losses).toEqual(['loss-foreign-reasoning']);
	});

	it('names every setting that it has no word for', () => {
		const { json, losses } = to({
			messages: [user([{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }])],
			top_k: 5,
			temperature: 0.2,
			stop_sequences: ['a', 'b', 'c', 'd', 'e'],
			context_management: { edits: [] },
			metadata: { user_id: 'u'.repeat(65) },
			thinking: { type: 'enabled', budget_tokens: 4_000 },
		});
		expect([...losses].sort()).toEqual([
			'loss-cache-control',
			'loss-fields',
			'loss-stop-sequences',
			'loss-thinking-budget',
			'loss-top-k',
			'loss-user',
		]);
		expect(json).toMatchObject({ temperature: 0.2, stop: ['a', 'b', 'c', 'd'], reasoning_effort: 'medium' });
	});

	it('refuses tools that only their vendor runs', () => {
		const tools = [{ type: 'web_search_20250305', name: 'web_search' }];
		expect(problemOf(tryEncode('anthropic', { messages: [user('x')], tools }, 'chat-completions')).message).toContain(
			'web_search_20250305',
		);
	});
});

describe('from Chat Completions to Messages', () => {
	const to = (body: object, over?: Partial<CallTarget>) => encode('chat-completions', body, 'anthropic', over);

	it('opens with the system, gathers results into one turn and keeps what is said in the middle', () => {
		const { json, losses } = to({
			messages: [
				{ role: 'system', content: 'One.' },
				{ role: 'developer', content: 'Two.' },
				user([
					{ type: 'text', text: 'Look.' },
					{ type: 'image_url', image_url: { url: 'https://x/y.png' } },
				]),
				{
					role: 'assistant',
					content: 'I look.',
					tool_calls: [
						{ id: 'call/1', type: 'function', function: { name: 'a', arguments: '{"x":1}' } },
						{ id: 'call/2', type: 'function', function: { name: 'b', arguments: 'broken' } },
					],
				},
				{ role: 'tool', tool_call_id: 'call/1', content: 'seen' },
				{ role: 'tool', tool_call_id: 'call/2', content: '' },
				user('Go on.'),
				{ role: 'system', content: 'Be brief.' },
			],
		});
		expect(json.system).toEqual([
			{ type: 'text', text: 'One.' },
			{ type: 'text', text: 'Two.' },
		]);
		const [first, second, third] = json.messages as { content: { id?: string; tool_use_id?: string }[] }[];
		expect(first?.content).toEqual([
			{ type: 'text', text: 'Look.' },
			{ type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
		]);
		expect(second?.content).toMatchObject([
			{ text: 'I look.' },
			{ name: 'a', input: { x: 1 } },
			{ name: 'b', input: { arguments: 'broken' } },
		]);
		const ids = second?.content.flatMap(({ id }) => id ?? []);
		expect(ids?.every((id) => /^[a-zA-Z0-9_-]+$/.test(id)) && new Set(ids).size === 2).toBe(true);
		expect(third?.content).toEqual([
			{ type: 'tool_result', tool_use_id: ids?.[0], content: [{ type: 'text', text: 'seen' }] },
			{ type: 'tool_result', tool_use_id: ids?.[1] },
			{ type: 'text', text: 'Go on.' },
			{ type: 'text', text: '<system-reminder>\nBe brief.\n</system-reminder>' },
		]);
		expect(losses).toEqual(['loss-system-place']);
		expect(json).toMatchObject({ max_tokens: 9_000, cache_control: { type: 'ephemeral' } });
	});

	it('tells a freeform tool as a function of one string', () => {
		const custom = {
			name: 'patch',
			description: 'Patches.',
			format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
		};
		const call = { id: 'c', type: 'custom', custom: { name: 'patch', input: '*** Begin' } };
		const { json, losses, tools } = to({
			messages: [user('x'), { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: 'c', content: 'ok' }],
			tools: [{ type: 'custom', custom }],
		});
		expect(json).toMatchObject({
			tools: [{ name: 'patch', description: expect.stringContaining('start: "x"'), input_schema: { required: ['input'] } }],
			messages: [{}, { content: [{ type: 'tool_use', input: { input: '*** Begin' } }] }, {}],
		});
		expect([losses, tools.get('patch')]).toEqual([['loss-tool-grammar'], { name: 'patch', isFreeform: true }]);
	});

	it('asks for thinking as the model takes it', () => {
		const body = { messages: [user('x')], reasoning_effort: 'high', temperature: 0.3 };
		expect(to(body)).toMatchObject({
			json: { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'high' } },
			losses: ['loss-sampling'],
		});
		const fixed = to(body, { lacks: ['adaptive-thinking'] }).json;
		expect(fixed).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 9_000 - 1_024 } });
		const forced = to({ ...body, tools: [{ type: 'function', function: { name: 'a' } }], tool_choice: 'required' });
		expect([forced.json.thinking, forced.losses]).toEqual([undefined, ['loss-reasoning']]);
	});

	it('holds the answer to a schema, or refuses where the model cannot', () => {
		const schema = { type: 'object', properties: { a: { type: 'object', properties: {} } } };
		const body = { messages: [user('x')], response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } };
		expect(to(body).json.output_config).toEqual({
			format: {
				type: 'json_schema',
				schema: {
					...schema,
					properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
					additionalProperties: false,
				},
			},
		});
		expect(problemOf(tryEncode('chat-completions', body, 'anthropic', { lacks: ['output-config'] })).code).toBe('not-expressible');
		expect(to({ ...body, response_format: { type: 'json_object' } }).losses).toEqual(['loss-json-mode']);
	});

	it('names what it has no word for', () => {
		const { losses } = to({
			messages: [user('x')],
			seed: 1,
			presence_penalty: 1,
			verbosity: 'low',
			prompt_cache_key: 'k',
			metadata: { a: 'b' },
			logit_bias: { 1: 2 },
			temperature: 1.5,
			top_p: 0.5,
			stop: [' ', 'END'],
		});
		expect([...losses].sort()).toEqual([
			'loss-fields',
			'loss-metadata',
			'loss-penalties',
			'loss-prompt-cache-key',
			'loss-seed',
			'loss-stop-sequences',
			'loss-temperature',
			'loss-top-p',
			'loss-verbosity',
		]);
	});
});

describe('DeepSeek and Gemini', () => {
	const turn = {
		tools: [{ name: 'a', input_schema: { type: 'object' } }],
		messages: [
			user('x'),
			{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'a', input: {} }] },
			user([{ type: 'tool_result', tool_use_id: 't', content: 'y' }]),
		],
	};

	it('get their own cap field, and a turn of calls with the field that the vendor insists on', () => {
		const deepseek = encode('anthropic', turn, 'chat-completions', { vendor: 'deepseek' }).json;
		expect(deepseek).toMatchObject({ max_tokens: 9_000, thinking: { type: 'disabled' }, messages: [{}, { reasoning_content: '' }, {}] });
		expect(deepseek.max_completion_tokens).toBeUndefined();
		const gemini = encode('anthropic', turn, 'chat-completions', { vendor: 'gemini' }).json;
		expect(gemini).toMatchObject({
			messages: [{}, { tool_calls: [{ extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } }] }, {}],
		});
	});

	it('get no developer role, no schema where they take none, and no thinking with a forced tool', () => {
		const body = { messages: [{ role: 'developer', content: 'Two.' }, user('x')] };
		const fitted = DIALECTS_BY_NAME['chat-completions'].fitBody(bytesOf({ model: 'm', max_completion_tokens: 7, ...body }), {}, 'deepseek');
		expect(JSON.parse(textOf(fitted))).toEqual({
			model: 'm',
			max_completion_tokens: 7,
			max_tokens: 7,
			messages: [{ role: 'system', content: 'Two.' }, user('x')],
		});
		const schema = { type: 'json_schema', schema: { type: 'object', properties: {} } };
		expect(
			problemOf(tryEncode('anthropic', { ...turn, output_config: { format: schema } }, 'chat-completions', { vendor: 'deepseek' })).code,
		).toBe('not-expressible');
		const forced = encode('anthropic', { ...turn, tool_choice: { type: 'any' }, thinking: { type: 'adaptive' } }, 'chat-completions', {
			vendor: 'deepseek',
		});
		expect([forced.json.thinking, forced.losses]).toEqual([{ type: 'disabled' }, ['loss-reasoning']]);
	});
});
