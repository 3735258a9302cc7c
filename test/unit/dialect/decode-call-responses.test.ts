import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { bytesOf, decode, digest, problemOf, textOf, tryDecode } from './wire.ts';

const plain = { model: 'gpt-6-astra', input: 'Fix it' };
const user = (content: unknown) => ({ type: 'message', role: 'user', content });
const text = (value: string) => [{ type: 'input_text', text: value }];
const tool = (name: string) => ({ type: 'function', name, parameters: { type: 'object' } });
const signalsOf = (body: object, headers: Record<string, string> = {}) => decode('responses', { ...plain, ...body }, headers).signals;

describe('decoding a Responses call', () => {
	it('reads what the walk acts on', () => {
		const call = decode('responses', { ...plain, stream: true, max_output_tokens: 99, instructions: 'You help.', tools: [tool('read')] });
		expect(call).toMatchObject({ dialect: 'responses', operation: 'generate', isStream: true, outputCapTokens: 99, unboundedFields: [] });
		expect(call.signals).toMatchObject({
			toolNames: ['read'],
			toolChoice: 'auto',
			firstUserDigest: digest('Fix it'),
			messageCount: 1,
			userTurnCount: 1,
		});
		expect(decode('responses', plain, {}, '/v1/responses/input_tokens').operation).toBe('count-tokens');
	});

	it.each([
		['auto', 'auto'],
		['none', 'none'],
		['required', 'any'],
		[{ type: 'function', name: 'read' }, { name: 'read' }],
		[{ type: 'custom', name: 'apply_patch' }, { name: 'apply_patch' }],
		[{ type: 'web_search' }, { name: 'web_search' }],
		[{ type: 'allowed_tools', mode: 'required', tools: [] }, 'any'],
	])('reads tool_choice %j', (choice, expected) => {
		expect(signalsOf({ tool_choice: choice }).toolChoice).toEqual(expected);
	});

	it.each([
		[{ ...plain, max_output_tokens: 0 }, 'max_output_tokens: expected a whole number from 1, found 0'],
		[{ model: 'm' }, 'input: expected a string or an array of items, found nothing'],
		[{ ...plain, input: [user(undefined)] }, 'input[0].content: expected a string or an array of parts, found nothing'],
		[{ ...plain, input: [user([{ type: 1 }])] }, 'input[0].content[0]: expected an object with a type'],
		[{ ...plain, input: [{ type: 'function_call_output', call_id: 'c' }] }, 'input[0].output: expected a string or an array of parts'],
		[{ ...plain, tools: [{ type: 'function' }] }, 'tools[0].name: expected a string, found nothing'],
		[{ ...plain, tools: [{ type: 'namespace', name: 'n', tools: [{}] }] }, 'tools[0].tools[0].type: expected a string'],
		[{ ...plain, tool_choice: 'sometimes' }, 'tool_choice: expected auto, none, required'],
		[{ ...plain, stream: 1 }, 'stream: expected true or false, found 1'],
	])('refuses %j and names the field', (body, words) => {
		expect(problemOf(tryDecode('responses', body)).message).toContain(words);
	});

	it('refuses other paths', () => {
		expect(problemOf(tryDecode('responses', plain, {}, '/v1/responses/resp_1/cancel')).code).toBe('not-found');
	});

	it('takes a call whose input its vendor holds', () => {
		expect(decode('responses', { model: 'm', prompt: { id: 'pmpt_1' } }).signals.messageCount).toBe(0);
	});

	it('counts tools of all kinds: grouped, freeform, the vendor’s that the client runs, and those that the vendor runs', () => {
		const tools = [
			tool('read'),
			{ type: 'custom', name: 'apply_patch' },
			{ type: 'namespace', name: 'mcp', tools: [tool('search'), { type: 'custom', name: 'note' }] },
			{ type: 'local_shell' },
			{ type: 'tool_search', execution: 'client' },
			{ type: 'shell', environment: { type: 'local' } },
			{ type: 'web_search' },
			{ type: 'shell', environment: { type: 'container_auto' } },
			{ type: 'tool_search' },
		];
		const { signals, unboundedFields } = decode('responses', { ...plain, tools });
		expect(signals.toolNames).toEqual(['read', 'apply_patch', 'search', 'note', 'local_shell', 'tool_search', 'shell']);
		expect(signals.serverToolTypes).toEqual(['web_search', 'shell', 'tool_search']);
		expect(unboundedFields).toEqual([]);
		const forced = decode('responses', { ...plain, tools, tool_choice: { type: 'web_search' } });
		expect(forced.unboundedFields).toEqual(['tools: web_search', 'tools: shell', 'tools: tool_search']);
		expect(forced.withholdableTools).toBeUndefined();
	});

	it('can go without the vendor’s tools beside the caller’s own, and takes out those alone', () => {
		const own = '{ "type":"function","name":"read", "parameters":{"n":1.0} }';
		const body = `{"model":"m","tools":[{"type":"web_search"} , ${own},{"type":"web_search","x":[{}]}\n],"input":"x"}`;
		const call = decode('responses', body);
		expect(call).toMatchObject({ withholdableTools: ['web_search'], unboundedFields: [] });
		const spliced = textOf(DIALECTS_BY_NAME.responses.splice(bytesOf(body), call, { withoutTools: ['web_search'], model: 'n' }));
		expect(spliced).toBe(`{"model":"n","tools":[${own}],"input":"x"}`);
		expect(textOf(DIALECTS_BY_NAME.responses.splice(bytesOf(body), call, {}))).toBe(body);
	});

	it.each([
		['alone', { tools: [{ type: 'web_search' }] }, ['tools: web_search']],
		['allowed by name', { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] } }, ['tools: web_search']],
		[
			'in a group',
			{ tools: [tool('read'), { type: 'namespace', name: 'n', tools: [{ type: 'web_search' }] }] },
			['tools within: web_search'],
		],
		[
			'in a message',
			{ tools: [tool('read')], input: [{ type: 'additional_tools', role: 'developer', tools: [{ type: 'web_search' }] }] },
			['tools within: web_search'],
		],
	])('cannot go without one that stands %s', (_, over, names) => {
		const call = decode('responses', { ...plain, tools: [tool('read'), { type: 'web_search' }], ...over });
		expect(call.unboundedFields).toEqual(names);
		expect(call.withholdableTools).toBeUndefined();
	});

	it('names the tools whose outputs are the newest turn', () => {
		const turns = [
			user('Fix it'),
			{ type: 'function_call', call_id: '1', name: 'read', arguments: '{}' },
			{ type: 'custom_tool_call', call_id: '2', name: 'apply_patch', input: '' },
			{ type: 'local_shell_call', call_id: '3', action: {} },
			{ type: 'function_call_output', call_id: '1', output: 'a' },
			{ type: 'custom_tool_call_output', call_id: '2', output: text('b') },
			{ type: 'local_shell_call_output', call_id: '3', output: 'c' },
		];
		expect(signalsOf({ input: turns }).answeredToolNames).toEqual(['read', 'apply_patch', 'local_shell']);
		expect(signalsOf({ input: [...turns, user('Now test')] })).toMatchObject({ answeredToolNames: [], userTurnCount: 2 });
	});

	it('tells what the user typed from what the client says of the surroundings', () => {
		const input = [
			user(text('<environment_context>\n<cwd>/src</cwd>')),
			user('# AGENTS.md instructions for /src'),
			user(text('Fix it')),
			user('<b>x</b>?'),
		];
		expect(signalsOf({ input })).toMatchObject({ userTurnCount: 2, firstUserDigest: digest('Fix it') });
	});

	it('has a prefix digest of instructions, opening messages and tools alone', () => {
		const opening = { type: 'message', role: 'developer', content: text('You help.') };
		const one = signalsOf({ input: [opening, user('a')], tools: [tool('read')] }).prefixDigest;
		expect(signalsOf({ input: [opening, user('b'), user('c')], tools: [tool('read')] }).prefixDigest).toBe(one);
		expect(signalsOf({ input: [opening, user('a')] }).prefixDigest).not.toBe(one);
		expect(signalsOf({ input: [opening, user('a')], tools: [tool('read')], instructions: 'Plan.' }).prefixDigest).not.toBe(one);
	});

	it('reads a long body’s opening in full: what is cut out of a skimmed one still counts', () => {
		const long = (last: string) => [user(`${'x\n'.repeat(50_000)}${last}`)];
		const one = decode('responses', { ...plain, input: long('a') });
		expect(one.signals.firstUserDigest).not.toBe(decode('responses', { ...plain, input: long('b') }).signals.firstUserDigest);
	});

	it('knows a title call, a probe and a compaction by their shape', () => {
		const format = { format: { type: 'json_schema', name: 't', schema: { properties: { title: {} } } } };
		expect(signalsOf({ text: format })).toMatchObject({ purpose: 'title', hasStructuredOutput: true });
		expect(signalsOf({ text: format, tools: [tool('read')] }).purpose).toBeUndefined();
		expect(signalsOf({ max_output_tokens: 16 }).purpose).toBe('probe');
		expect(signalsOf({ input: [user('x'), { type: 'compaction_trigger' }], tools: [tool('read')] }).purpose).toBe('compaction');
	});

	it('finds media wherever they are nested', () => {
		const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };
		const input = [
			user([image, { type: 'input_image', file_id: 'f' }]),
			{ type: 'function_call_output', call_id: '1', output: [image] },
			{ type: 'custom_tool_call_output', call_id: '2', output: [{ type: 'input_file', file_data: 'data:;base64,BBBBBBBB' }] },
			{ type: 'computer_call_output', call_id: '3', output: { type: 'computer_screenshot', image_url: 'data:,AA' } },
		];
		const { modalities, size } = decode('responses', { ...plain, input });
		expect(modalities).toEqual(['text', 'image', 'document']);
		expect(size).toMatchObject({ inlineMediaCount: 4, remoteMediaCount: 1 });
	});

	it.each([
		['input item item_reference', { type: 'item_reference', id: 'msg_1' }],
		['input item item_reference', { id: 'msg_1' }],
		['input item web_search_call', { type: 'web_search_call', id: 'ws_1' }],
		['input item future_item', { type: 'future_item' }],
		['content part future', user([{ type: 'future' }])],
	])('cannot bound %s', (name, item) => {
		expect(decode('responses', { ...plain, input: [item] }).unboundedFields).toEqual([name]);
	});

	it.each([
		[{}, false],
		[{ prompt_cache_options: { ttl: '30m' } }, false],
		[{ prompt_cache_options: { ttl: '12h' } }, true],
		[{ prompt_cache_retention: '24h' }, true],
		[{ prompt_cache_retention: 'in_memory' }, false],
		[{ input: [user([{ type: 'input_text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } }])] }, true],
	])('reads how long a cache is kept from %j', (over, isLong) => {
		expect(decode('responses', { ...plain, ...over }).size.hasLongCacheWrite).toBe(isLong);
	});
});

/** The marks of Codex 0.169, its ids shortened. */
describe('Codex', () => {
	const agent = { 'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.169.0)', originator: 'codex_exec' };
	const turn = { session_id: 's', thread_id: 's', agent_name: '/root', turn_id: 'u1', root_turn_id: 'u1', thread_source: 'user' };
	const metadata = (over: object) => ({ ...agent, 'x-codex-turn-metadata': JSON.stringify({ ...turn, request_kind: 'turn', ...over }) });
	const child = { thread_id: 't2', turn_id: 'u2', parent_thread_id: 's', parent_turn_id: 'u1', subagent_kind: 'thread_spawn' };

	it('says its session and the prompt that all its agents work on', () => {
		expect(signalsOf({}, metadata({}))).toMatchObject({
			client: { name: 'codex', version: '0.169.0' },
			sessionId: 's',
			agentId: undefined,
			promptId: 'u1',
			requestClass: undefined,
			isSubagent: false,
			purpose: undefined,
		});
		const sub = { ...metadata(child), 'x-openai-subagent': 'collab_spawn', 'x-codex-parent-thread-id': 's' };
		expect(signalsOf({}, sub)).toMatchObject({
			sessionId: 's',
			agentId: 't2',
			parentAgentId: 's',
			promptId: 'u1',
			requestClass: 'subagent',
			agentType: 'thread_spawn',
			isSubagent: true,
		});
	});

	it.each([
		['a compaction', { request_kind: 'compaction' }, {}, { purpose: 'compaction', requestClass: undefined }],
		['a compaction of older ones', {}, { 'x-openai-subagent': 'compact' }, { purpose: 'compaction', isSubagent: true }],
		['its memories', { request_kind: 'memory' }, {}, { requestClass: 'auxiliary', purpose: undefined }],
		['its memories, sorted', {}, { 'x-openai-subagent': 'memory_consolidation' }, { requestClass: 'auxiliary' }],
		['its guardian', { thread_source: 'guardian_review' }, {}, { purpose: 'safety-classifier' }],
		['its guardian’s agent', {}, { 'x-openai-subagent': 'guardian' }, { purpose: 'safety-classifier' }],
	])('shows %s', (_, over, headers, expected) => {
		expect(signalsOf({}, { ...metadata(over), ...headers })).toMatchObject(expected);
	});

	it('names itself twice', () => {
		expect(signalsOf({}, { 'user-agent': 'my-ide/1.0', originator: 'codex_vscode', 'session-id': 's' })).toMatchObject({
			client: { name: 'codex', version: undefined },
			sessionId: 's',
		});
	});

	it('repeats its marks in the body, for where a proxy dropped the headers', () => {
		const client_metadata = { 'x-codex-turn-metadata': JSON.stringify({ ...turn, ...child }), 'x-openai-subagent': 'review' };
		expect(signalsOf({ client_metadata })).toMatchObject({ client: { name: 'codex' }, sessionId: 's', agentId: 't2', isSubagent: true });
		expect(signalsOf({ client_metadata }, metadata({})).isSubagent).toBe(false);
		expect(signalsOf({ client_metadata: { 'x-codex-turn-metadata': 7 } }).client.name).toBe('unknown');
	});

	it('puts its session into the cache key; other programs put there what they like', () => {
		expect(signalsOf({ prompt_cache_key: 'k' }, agent).sessionId).toBe('k');
		expect(signalsOf({ prompt_cache_key: 'k' }, { ...agent, 'session-id': 's' }).sessionId).toBe('s');
		expect(signalsOf({ prompt_cache_key: 'k' }).sessionId).toBeUndefined();
	});
});
