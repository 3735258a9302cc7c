import { describe, expect, it } from 'vitest';
import { decodeReply } from '../../../appliance/dialect/responses/decode-reply.ts';
import { responses } from '../../../appliance/dialect/responses/responses.ts';
import { isSealed, seal } from '../../../appliance/dialect/sealed-native.ts';
import type { Content, Conversation } from '../../../appliance/protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../../appliance/protocol/ports.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import type { Reply } from '../../../appliance/protocol/stream.ts';
import { EXAMPLE } from './answers.ts';
import { bytesOf, decode, problemOf, textOf } from './wire.ts';

const text = (value: string) => ({ type: 'text' as const, text: value });
const said = (value: string) => [{ type: 'input_text', text: value }];
const schema = { type: 'object', properties: { path: { type: 'string' } } };

function converse(body: object): Conversation {
	const conversation = responses.decodeConversation(bytesOf({ model: 'm', ...body }));
	if (conversation instanceof Problem) throw conversation;
	return conversation;
}

/** An agent's third turn, as Codex writes it. */
const BODY = {
	model: 'm',
	instructions: 'You help.',
	max_output_tokens: 100,
	temperature: 0.5,
	top_p: 0.9,
	parallel_tool_calls: false,
	store: false,
	include: ['reasoning.encrypted_content'],
	reasoning: { effort: 'high', summary: 'auto' },
	text: { verbosity: 'low', format: { type: 'json_schema', name: 'r', strict: true, schema } },
	prompt_cache_key: 'k',
	user: 'u',
	client_metadata: { session_id: 's' },
	tool_choice: { type: 'function', name: 'read' },
	tools: [
		{ type: 'function', name: 'read', description: 'Reads.', parameters: schema, strict: true },
		{ type: 'custom', name: 'apply_patch', description: 'Patches.', format: { type: 'grammar', syntax: 'lark', definition: 'start: X' } },
		{ type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn', parameters: schema }] },
	],
	input: [
		{ type: 'message', role: 'developer', content: said('Be brief.') },
		{
			type: 'message',
			role: 'user',
			content: [...said('Fix it'), { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' }],
		},
		{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Look first.' }], encrypted_content: 'xyz' },
		{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'I look.', annotations: [] }] },
		{ type: 'function_call', id: 'fc_1', call_id: 't1', name: 'read', arguments: '{"path":"a"}' },
		{ type: 'function_call', id: 'fc_2', call_id: 't2', name: 'spawn', namespace: 'agents', arguments: '' },
		{ type: 'custom_tool_call', id: 'ctc_1', call_id: 't3', name: 'apply_patch', input: '*** Begin' },
		{
			type: 'function_call_output',
			call_id: 't1',
			output: [...said('one'), { type: 'input_image', image_url: 'data:image/png;base64,BB' }],
		},
		{ type: 'function_call_output', call_id: 't2', output: 'two' },
		{ type: 'custom_tool_call_output', call_id: 't3', output: 'done' },
		{ type: 'message', role: 'user', content: 'Go on' },
	],
};

const reasoning = BODY.input[2] as Record<string, string>;
const call = (id: string, name: string, input: object | string, isFreeform?: true): Content => ({
	type: 'tool-call',
	id,
	name,
	input: input as never,
	...(isFreeform && { isFreeform }),
});

const SAID: Conversation = {
	messages: [
		{ role: 'system', content: [text('You help.')] },
		{ role: 'system', isDeveloper: true, content: [text('Be brief.')] },
		{
			role: 'user',
			content: [
				text('Fix it'),
				{ type: 'media', modality: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AA' }, detail: 'low' },
			],
		},
		{
			role: 'assistant',
			content: [
				{ type: 'thinking', text: 'Look first.', native: { dialect: 'responses', value: reasoning } },
				text('I look.'),
				call('t1', 'read', { path: 'a' }),
				call('t2', 'agents__spawn', {}),
				call('t3', 'apply_patch', '*** Begin', true),
			],
		},
		{
			role: 'user',
			content: [
				{
					type: 'tool-result',
					callId: 't1',
					name: 'read',
					isError: false,
					content: [text('one'), { type: 'media', modality: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'BB' } }],
				},
				{ type: 'tool-result', callId: 't2', name: 'agents__spawn', isError: false, content: [text('two')] },
				{ type: 'tool-result', callId: 't3', name: 'apply_patch', isError: false, isFreeform: true, content: [text('done')] },
			],
		},
		{ role: 'user', content: [text('Go on')] },
	],
	tools: [
		{ name: 'read', description: 'Reads.', inputSchema: schema, isStrict: true },
		{ name: 'agents__spawn', description: '', inputSchema: schema },
	],
	freeformTools: [{ name: 'apply_patch', description: 'Patches.', grammar: { syntax: 'lark', definition: 'start: X' } }],
	toolChoice: { name: 'read' },
	isParallelToolUseAllowed: false,
	outputCapTokens: 100,
	temperature: 0.5,
	topP: 0.9,
	topK: undefined,
	seed: undefined,
	stopSequences: [],
	outputSchema: schema,
	outputSchemaName: 'r',
	isOutputStrict: true,
	reasoning: { type: 'on', effort: 'high', isShown: true },
	verbosity: 'low',
	promptCacheKey: 'k',
	userId: 'u',
};

describe('reading a conversation', () => {
	it('finds turns, tools and settings', () => {
		expect(converse(BODY)).toEqual(SAID);
	});

	it('takes a text alone', () => {
		expect(converse({ input: 'Fix it' }).messages).toEqual([{ role: 'user', content: [text('Fix it')] }]);
	});

	it.each([
		['previous_response_id', { input: 'x', previous_response_id: 'resp_1' }],
		['stored conversation', { input: 'x', conversation: 'conv_1' }],
		['stored prompt', { prompt: { id: 'pmpt_1' } }],
		['item_reference', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
		['history that was compacted', { input: [{ type: 'compaction', encrypted_content: 'x' }] }],
		['compaction of its own', { input: [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }] }],
		[
			'message between agents',
			{ input: [{ type: 'agent_message', content: [{ type: 'encrypted_content', encrypted_content: `gAAAAAB${'x'.repeat(50)}` }] }] },
		],
	])('sends nobody else what its vendor alone can read: %s', (words, body) => {
		const problem = problemOf(responses.decodeConversation(bytesOf({ model: 'm', ...body })));
		expect(problem.code).toBe('not-expressible');
		expect(problem.message).toContain(words);
	});

	it('reads what one agent writes to another in plain', () => {
		const content = [...said('Message Type: NEW_TASK\n'), { type: 'encrypted_content', encrypted_content: 'Look for x.' }];
		expect(converse({ input: [{ type: 'agent_message', author: '/root', content }] }).messages).toEqual([
			{ role: 'user', content: [text('Message Type: NEW_TASK\n'), text('Look for x.')] },
		]);
	});

	it('keeps the calls of tools that the vendor defines and the client runs, and what its own tools did', () => {
		const input = [
			{ type: 'local_shell_call', id: 'lsh_1', call_id: 'c1', status: 'completed', action: { type: 'exec', command: ['ls'] } },
			{ type: 'local_shell_call_output', id: 'c1', output: 'a.ts' },
			{ type: 'apply_patch_call', call_id: 'c2', status: 'completed', operation: { type: 'delete_file', path: 'a' } },
			{ type: 'apply_patch_call_output', call_id: 'c2', status: 'failed', output: 'no such file' },
			{ type: 'shell_call', call_id: 'c3', action: { commands: ['ls'] } },
			{ type: 'shell_call_output', call_id: 'c3', output: [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }] },
			{ type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
		];
		expect(converse({ input }).messages).toEqual([
			{ role: 'assistant', content: [call('c1', 'local_shell', { action: { type: 'exec', command: ['ls'] } })] },
			{ role: 'user', content: [{ type: 'tool-result', callId: 'c1', name: 'local_shell', isError: false, content: [text('a.ts')] }] },
			{ role: 'assistant', content: [call('c2', 'apply_patch', { operation: { type: 'delete_file', path: 'a' } })] },
			{
				role: 'user',
				content: [{ type: 'tool-result', callId: 'c2', name: 'apply_patch', isError: true, content: [text('no such file')] }],
			},
			{ role: 'assistant', content: [call('c3', 'shell', { action: { commands: ['ls'] } })] },
			{
				role: 'user',
				content: [
					{
						type: 'tool-result',
						callId: 'c3',
						name: 'shell',
						isError: false,
						content: [text('[{"stdout":"a","stderr":"","outcome":{"type":"exit","exit_code":0}}]')],
					},
				],
			},
			{
				role: 'assistant',
				content: [text('{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"x"}}')],
			},
		]);
	});

	it('names what it has no place for, and goes on without a vendor’s tool beside the caller’s own', () => {
		const tools = [{ type: 'function', name: 'read', parameters: {} }, { type: 'web_search' }];
		const body = {
			input: 'x',
			tools,
			store: true,
			truncation: 'auto',
			include: ['reasoning.encrypted_content'],
			x_future: 1,
			background: null,
		};
		expect(converse(body)).toMatchObject({ otherFields: ['store', 'truncation', 'x_future', 'tools: web_search'] });
		expect(converse(body).vendorTools).toBeUndefined();
		expect(converse({ ...body, tools: [{ type: 'web_search' }] }).vendorTools).toEqual(['web_search']);
		expect(converse({ ...body, tool_choice: { type: 'web_search' } }).vendorTools).toEqual(['web_search']);
	});

	it('leaves nothing out unsaid: settings of tools, long caches, parts that it does not know', () => {
		const tools = [{ type: 'function', name: 'read', parameters: {}, async: true, output_schema: {}, allowed_callers: null }];
		expect(converse({ input: 'x', tools }).otherFields).toEqual(['async', 'output_schema']);
		expect(converse({ input: 'x', prompt_cache_options: { ttl: '12h' } }).cache).toBe('1h');
		expect(converse({ input: 'x', prompt_cache_options: { ttl: '30m' } }).cache).toBeUndefined();
		const content = [{ type: 'input_hologram', data: 'AA' }];
		const problem = problemOf(responses.decodeConversation(bytesOf({ model: 'm', input: [{ role: 'user', content }] })));
		expect([problem.code, problem.message]).toEqual(['not-expressible', expect.stringContaining('input_hologram')]);
	});

	it('offers a deferred tool once the client’s search has brought it in', () => {
		const deferred = { type: 'function', name: 'issues', parameters: schema, defer_loading: true };
		const search = { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters: schema };
		const tools = [search, { type: 'namespace', name: 'mcp', tools: [deferred] }];
		const names = (input: unknown) => converse({ input, tools }).tools.map(({ name }) => name);
		expect(names('x')).toEqual(['tool_search']);
		const output = {
			type: 'tool_search_output',
			call_id: 'c',
			execution: 'client',
			// Codex leaves the mark on what it found.
			tools: [{ type: 'namespace', name: 'mcp', tools: [deferred] }],
		};
		expect(names([{ type: 'tool_search_call', call_id: 'c', arguments: {} }, output])).toEqual(['tool_search', 'mcp__issues']);
		expect(decode('responses', { model: 'm', input: [output] }).toolShapes).toEqual({
			mcp__issues: { type: 'grouped', namespace: 'mcp', name: 'issues' },
		});
	});

	it('allows only the tools of an allow-list', () => {
		const body = { ...BODY, tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'apply_patch' }] } };
		expect(converse(body)).toMatchObject({ tools: [], toolChoice: 'any', freeformTools: [{ name: 'apply_patch' }] });
	});

	it('gives another vendor’s reasoning back as it was sealed, and to the call that it belongs to', () => {
		const native = { dialect: 'anthropic' as const, value: { signature: 's' } };
		const gemini = { dialect: 'chat-completions' as const, vendor: 'gemini' as const, value: { extra_content: { google: {} } } };
		const carried = seal({ ...gemini, value: { ...gemini.value, innerloop_call: 't1' } });
		const input = [
			{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: seal(native) },
			{ type: 'reasoning', summary: [], encrypted_content: carried },
			{ type: 'function_call', call_id: 't1', name: 'read', arguments: '{}' },
		];
		expect(converse({ input }).messages[0]?.content).toEqual([
			{ type: 'thinking', text: 'hm', native },
			{ ...call('t1', 'read', {}), native: gemini },
		]);
	});
});

const TARGET: CallTarget = { model: 'gpt-5.5', outputCapTokens: 500, isStream: true, lacks: [], vendor: 'openai' };

function encode(conversation: Conversation, over: Partial<CallTarget> = {}): EncodedCall & { readonly json: Record<string, unknown> } {
	const encoded = responses.encodeCall?.(conversation, { ...TARGET, ...over });
	if (encoded === undefined || encoded instanceof Problem) throw encoded;
	return { ...encoded, json: JSON.parse(textOf(encoded.body)) as Record<string, unknown> };
}

describe('writing a call', () => {
	it('says all that the conversation says, and reads back the same', () => {
		const { path, json, losses, tools } = encode(SAID);
		expect(path).toBe('/v1/responses');
		expect(losses).toEqual([]);
		expect(tools.size).toBe(0);
		expect(json).toMatchObject({
			model: 'gpt-5.5',
			max_output_tokens: 500,
			instructions: 'You help.',
			store: false,
			stream: true,
			include: ['reasoning.encrypted_content'],
			reasoning: { effort: 'high', summary: 'auto' },
			prompt_cache_key: 'k',
			safety_identifier: 'u',
			parallel_tool_calls: false,
		});
		expect(json.input).toContainEqual(reasoning);
		expect(decode('responses', json).unboundedFields).toEqual([]);
		expect(converse(json)).toEqual({ ...SAID, outputCapTokens: 500, tools: SAID.tools.map((tool) => ({ isStrict: false, ...tool })) });
	});

	it('keeps text and parallel calls in their order', () => {
		const content = [text('a'), call('1', 'read', {}), text('b'), call('2', 'read', {}), text('c')];
		const { json } = encode({ ...SAID, messages: [{ role: 'assistant', content }] });
		expect((json.input as { type: string }[]).map(({ type }) => type)).toEqual([
			'message',
			'function_call',
			'message',
			'function_call',
			'message',
		]);
	});

	it('fits names and ids to what the vendor takes, and says how to find back', () => {
		const name = `mcp.${'x'.repeat(70)}`;
		const messages = [{ role: 'assistant' as const, content: [call('id/1', name, {})] }];
		const { json, tools } = encode({ ...SAID, toolChoice: 'auto', messages, tools: [{ name, description: '', inputSchema: {} }] });
		const [wire] = json.tools as { name: string }[];
		expect(wire?.name).toMatch(/^[\w-]{1,64}$/);
		expect(tools.get(wire?.name ?? '')).toEqual({ name, isFreeform: false });
		expect(json.input).toMatchObject([{ type: 'function_call', name: wire?.name, call_id: expect.stringMatching(/^[\w-]+$/) }]);
	});

	it('tells an error of a tool, with what it shows', () => {
		const image: Content = { type: 'media', modality: 'image', source: { type: 'url', url: 'https://x/a.png' } };
		const result = (content: Content[]): Content => ({ type: 'tool-result', callId: 't', name: 'read', isError: true, content });
		const messages = [
			{ role: 'user' as const, content: [result([text('gone')]), result([text('gone'), image]), result([text('error: gone')])] },
		];
		expect((encode({ ...SAID, messages }).json.input as { output: unknown }[]).map(({ output }) => output)).toEqual([
			'Error: gone',
			[
				{ type: 'input_text', text: 'Error:' },
				{ type: 'input_text', text: 'gone' },
				{ type: 'input_image', image_url: 'https://x/a.png' },
			],
			'error: gone',
		]);
	});

	it.each<[string, Partial<Conversation>, Partial<CallTarget>]>([
		['loss-top-k', { topK: 3 }, {}],
		['loss-seed', { seed: 3 }, {}],
		['loss-penalties', { presencePenalty: 1 }, {}],
		['loss-stop-sequences', { stopSequences: ['END'] }, {}],
		['loss-sampling', {}, { lacks: ['sampling'] }],
		['loss-effort', { reasoning: { type: 'on', effort: 'max' } }, {}],
		['loss-thinking-budget', { reasoning: { type: 'on', budgetTokens: 4_000 } }, {}],
		['loss-reasoning-off', { reasoning: { type: 'off' } }, {}],
		['loss-cache-control', { cache: '5m' }, {}],
		['loss-metadata', { metadata: { a: 'b' } }, {}],
		['loss-user', { userId: 'x'.repeat(65) }, {}],
		['loss-fields', { otherFields: ['x_future'] }, {}],
		[
			'loss-foreign-reasoning',
			{
				messages: [
					{ role: 'assistant', content: [{ type: 'thinking', text: 'hm', native: { dialect: 'anthropic', value: { signature: 's' } } }] },
				],
			},
			{},
		],
	])('names %s', (code, conversation, target) => {
		expect(encode({ ...SAID, ...conversation }, target).losses.map((loss) => loss.code)).toEqual([code]);
	});

	it('refuses what nobody else has: a file by id, a tool of another vendor', () => {
		const content: Content[] = [{ type: 'media', modality: 'document', source: { type: 'file', id: 'file_1' } }];
		for (const over of [{ messages: [{ role: 'user' as const, content }] }, { vendorTools: ['web_search_20250305'] }])
			expect(problemOf(responses.encodeCall?.({ ...SAID, ...over }, TARGET)).code).toBe('not-expressible');
	});

	it('asks only its own vendor for encrypted reasoning', () => {
		expect(encode(SAID, { vendor: undefined }).json.include).toBeUndefined();
		expect(encode(SAID, { lacks: ['reasoning-effort'] }).json).not.toHaveProperty('reasoning');
	});
});

describe('writing an answer', () => {
	const asked = decode('responses', { ...BODY, tools: [...BODY.tools, { type: 'tool_search', execution: 'client', parameters: schema }] });
	const written = (content: Reply['content']) => JSON.parse(responses.encodeReply({ ...EXAMPLE, content }, asked)) as { output: object[] };

	it('calls grouped tools and the client’s search as their caller knows them', () => {
		const { output } = written([
			{ type: 'tool-call', id: 'c1', name: 'agents__spawn', input: { path: 'a' } },
			{ type: 'tool-call', id: 'c2', name: 'tool_search', input: { query: 'x' } },
			{ type: 'tool-call', id: 'c3', name: 'constructor', input: {} },
		]);
		expect(output).toMatchObject([
			{ type: 'function_call', call_id: 'c1', name: 'spawn', namespace: 'agents', arguments: '{"path":"a"}' },
			{ type: 'tool_search_call', call_id: 'c2', execution: 'client', arguments: { query: 'x' }, id: expect.stringMatching(/^tsc_/) },
			{ type: 'function_call', call_id: 'c3', name: 'constructor' },
		]);
		expect(output[1]).not.toHaveProperty('name');
	});

	it('seals another vendor’s reasoning, and leaves out what nobody could take back', () => {
		const native = { dialect: 'anthropic' as const, value: { signature: 's' } };
		const { output } = written([
			{ type: 'thinking', text: 'hm', native },
			{ type: 'thinking', text: 'not signed' },
			{ type: 'text', text: '' },
			{ type: 'tool-call', id: 'c1', name: 'read', input: {}, native },
		]);
		expect(output.map((item) => (item as { type: string }).type)).toEqual(['reasoning', 'reasoning', 'function_call']);
		expect(output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'hm' }] });
		expect(isSealed((output[0] as { encrypted_content: string }).encrypted_content)).toBe(true);
	});

	it('says so when a whole reply is none, in the words of its vendor where it has some', () => {
		expect(problemOf(decodeReply('nonsense')).code).toBe('upstream-failed');
		expect(problemOf(decodeReply('{"status":"failed","error":{"code":"server_error","message":"It broke."},"output":[]}')).message).toBe(
			'It broke.',
		);
		expect(problemOf(decodeReply('{"status":"in_progress","output":[]}')).code).toBe('upstream-failed');
	});
});
