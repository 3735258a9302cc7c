import { describe, expect, it } from 'vitest';
import { bytesOf, decode, digest, problemOf, tryDecode } from './wire.ts';

const user = (content: unknown) => ({ role: 'user', content });
const plain = { model: 'claude-opus-5-5', max_tokens: 100, messages: [user('Fix it')] };
const tool = (name: string, more: object = {}) => ({ name, description: 'd', input_schema: { type: 'object' }, ...more });
const claudeCode = { 'user-agent': 'claude-cli/2.1.330 (external, cli)', 'x-claude-code-session-id': 's-1' };

describe('decoding a Messages call', () => {
	it('reads what the walk acts on', () => {
		const body = JSON.stringify({ ...plain, stream: true, tools: [tool('Read')], tool_choice: { type: 'any' } });
		const call = decode('anthropic', body);
		expect(call).toMatchObject({
			dialect: 'anthropic',
			operation: 'generate',
			model: 'claude-opus-5-5',
			isStream: true,
			outputCapTokens: 100,
			modalities: ['text'],
			unboundedFields: [],
			size: { bodyBytes: bytesOf(body).length, inlineMediaCount: 0, inlineMediaBytes: 0, remoteMediaCount: 0 },
			signals: { toolNames: ['Read'], toolChoice: 'any', messageCount: 1, userTurnCount: 1, firstUserDigest: digest('Fix it') },
		});
	});

	it('knows its two paths', () => {
		expect(decode('anthropic', { model: 'a', messages: [user('x')] }, {}, '/v1/messages/count_tokens').operation).toBe('count-tokens');
		expect(problemOf(tryDecode('anthropic', plain, {}, '/v1/complete')).code).toBe('not-found');
	});

	it('takes the greatest of several caps, and lets a cap be absent', () => {
		expect(
			decode('anthropic', '{"max_tokens":9,"model":"a","messages":[{"role":"user","content":"x"}],"max_tokens":5}').outputCapTokens,
		).toBe(9);
		expect(decode('anthropic', { model: 'a', messages: [user('x')] }).outputCapTokens).toBeUndefined();
		expect(decode('anthropic', { ...plain, max_tokens: 0 }).outputCapTokens).toBe(0);
	});

	it('reads a fixed budget for thinking, which adaptive thinking has not', () => {
		const budget = (thinking: unknown) => decode('anthropic', { ...plain, thinking }).thinkingBudgetTokens;
		expect(budget({ type: 'enabled', budget_tokens: 4_000 })).toBe(4_000);
		expect(budget({ type: 'adaptive' })).toBeUndefined();
		expect(budget({ type: 'disabled', budget_tokens: 4_000 })).toBeUndefined();
	});

	it.each([
		[{ ...plain, model: 7 }, 'model: expected a string, found 7'],
		[{ ...plain, model: '' }, 'model: expected a string, found an empty string'],
		[{ messages: plain.messages }, 'model: expected a string, found nothing'],
		[{ ...plain, max_tokens: -1 }, 'max_tokens: expected a whole number from 0, found -1'],
		[{ ...plain, max_tokens: 1.5 }, 'max_tokens: expected a whole number'],
		[{ ...plain, max_tokens: '100' }, 'max_tokens: expected a whole number from 0, found a string'],
		[{ ...plain, stream: 'yes' }, 'stream: expected true or false, found a string'],
		[{ ...plain, messages: 'hi' }, 'messages: expected an array of objects, found a string'],
		[{ ...plain, messages: [] }, 'messages: expected at least one message, found an empty array'],
		[{ ...plain, messages: [1] }, 'messages[0]: expected an object, found 1'],
		[{ ...plain, messages: [{ content: 'x' }] }, 'messages[0].role: expected a string, found nothing'],
		[{ ...plain, messages: [{ role: 'user' }] }, 'messages[0].content: expected a string or an array of blocks, found nothing'],
		[{ ...plain, messages: [user([{ text: 'x' }])] }, 'messages[0].content[0]: expected an object with a type'],
		[{ ...plain, messages: [user([{ type: 'image' }])] }, 'messages[0] image source: expected an object, found nothing'],
		[{ ...plain, system: 5 }, 'system: expected a string or an array of text blocks, found 5'],
		[{ ...plain, tools: {} }, 'tools: expected an array of objects, found an object'],
		[{ ...plain, tools: [{ input_schema: {} }] }, 'tools[0].name: expected a string, found nothing'],
		[{ ...plain, tool_choice: { type: 'maybe' } }, 'tool_choice: expected an object whose type is'],
	])('refuses %j and names the field', (body, words) => {
		const problem = problemOf(tryDecode('anthropic', body));
		expect(problem.code).toBe('invalid-call');
		expect(problem.message).toContain(words);
		expect(problem.details.field).toBeTypeOf('string');
	});
});

describe('what Claude Code says of itself', () => {
	it('in headers', () => {
		const headers = {
			...claudeCode,
			'x-claude-code-agent-id': 'a-2',
			'x-claude-code-parent-agent-id': 'a-1',
			'x-claude-code-prompt-id': 'p-1',
			'x-claude-code-request-class': 'subagent',
			'x-claude-code-agent-type': 'Explore',
		};
		expect(decode('anthropic', plain, headers).signals).toMatchObject({
			client: { name: 'claude-code', version: '2.1.330' },
			sessionId: 's-1',
			agentId: 'a-2',
			parentAgentId: 'a-1',
			promptId: 'p-1',
			requestClass: 'subagent',
			agentType: 'Explore',
			isSubagent: true,
			purpose: undefined,
		});
	});

	it('leaves a request class that it does not know undefined', () => {
		expect(decode('anthropic', plain, { ...claudeCode, 'x-claude-code-request-class': 'novel' }).signals.requestClass).toBeUndefined();
	});

	it('in its first system block', () => {
		const system = [{ type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330.8b7; cc_is_subagent=true;' }];
		expect(decode('anthropic', { ...plain, system }, claudeCode).signals.isSubagent).toBe(true);
		const second = [{ type: 'text', text: 'You help.' }, ...system];
		expect(decode('anthropic', { ...plain, system: second }, claudeCode).signals.isSubagent).toBe(false);
	});

	it('keeps the prefix digest though its accounting line changes', () => {
		const body = (line: string, text = 'You help.') => ({
			...plain,
			system: [
				{ type: 'text', text: `x-anthropic-billing-header: cch=${line};` },
				{ type: 'text', text },
			],
			tools: [tool('Read')],
		});
		const prefix = (value: object) => decode('anthropic', value, claudeCode).signals.prefixDigest;
		expect(prefix(body('a'))).toBe(prefix(body('b')));
		expect(prefix(body('a'))).not.toBe(prefix(body('a', 'You plan.')));
		expect(prefix(body('a'))).not.toBe(prefix({ ...body('a'), tools: [tool('Write')] }));
	});

	it.each([
		['{"device_id":"d","account_uuid":"","session_id":"5e55"}', '5e55'],
		['user_ab_account_cd_session_0b1c2d3e-aaaa-bbbb-cccc-000000000000', '0b1c2d3e-aaaa-bbbb-cccc-000000000000'],
		['someone', undefined],
		['{"session_id":', undefined],
	])('in metadata.user_id %s', (userId, sessionId) => {
		expect(decode('anthropic', { ...plain, metadata: { user_id: userId } }).signals.sessionId).toBe(sessionId);
	});

	it('by a permission mode, or by its newest word on plan mode', () => {
		const purpose = (body: object) => decode('anthropic', { ...plain, tools: [tool('Read')], ...body }, claudeCode).signals.purpose;
		const mode = (name: string) => [{ type: 'dangerous_tool_use', classifier_context: { v: 1, permission_mode: name } }];
		const says = (...texts: string[]) => [user('Fix it'), ...texts.map((text) => ({ role: 'system', content: [{ type: 'text', text }] }))];
		const planning = '# Environment\n\nPlan mode is active. The user wants a plan.';
		expect(purpose({ safeguards: mode('plan') })).toBe('plan');
		expect(purpose({ safeguards: mode('auto'), messages: says(planning) })).toBeUndefined();
		expect(purpose({ messages: says(planning) })).toBe('plan');
		expect(purpose({ messages: says(planning, '## Exited Plan Mode\n\nGo on.') })).toBeUndefined();
	});

	it('reports that the upstream is to check tool calls', () => {
		expect(decode('anthropic', { ...plain, safeguards: [{ type: 'dangerous_tool_use' }] }).signals.hasSafeguards).toBe(true);
		expect(decode('anthropic', plain).signals.hasSafeguards).toBe(false);
	});

	it('by the shape of a title call, a compaction, a probe', () => {
		const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
		const title = { ...plain, output_config: { format: { type: 'json_schema', schema } } };
		expect(decode('anthropic', title, claudeCode).signals).toMatchObject({ purpose: 'title', hasStructuredOutput: true });
		expect(decode('anthropic', { ...title, tools: [tool('Read')] }, claudeCode).signals.purpose).toBeUndefined();
		const compaction = { ...plain, tools: [tool('Read')], messages: [user('Hi'), user('CRITICAL: Respond with TEXT ONLY. No tools.')] };
		expect(decode('anthropic', compaction, claudeCode).signals.purpose).toBe('compaction');
		expect(decode('anthropic', plain, { ...claudeCode, 'x-claude-code-compaction': 'manual' }).signals.purpose).toBe('compaction');
		expect(decode('anthropic', { ...plain, max_tokens: 1 }, claudeCode).signals.purpose).toBe('probe');
	});

	it('by the shape of its safety classifier, whatever else the call says', () => {
		const classifier = {
			...plain,
			max_tokens: 64,
			messages: [
				user([
					{ type: 'text', text: 'notes of the project' },
					{ type: 'text', text: '<transcript>\nUser: run it\n</transcript>' },
				]),
			],
		};
		const purpose = (body: object, headers: Record<string, string> = claudeCode) => decode('anthropic', body, headers).signals.purpose;
		expect(purpose(classifier)).toBe('safety-classifier');
		expect(purpose(classifier, {})).toBe('safety-classifier');
		expect(purpose({ ...classifier, max_tokens: 4_096 })).toBe('safety-classifier');
		expect(purpose({ ...classifier, tools: [tool('classify')], tool_choice: { type: 'tool', name: 'classify' } })).toBe(
			'safety-classifier',
		);
		expect(purpose(classifier, { ...claudeCode, 'x-claude-code-request-class': 'compaction' })).toBe('safety-classifier');
		expect(purpose({ ...classifier, max_tokens: 4_096 }, {})).toBeUndefined();
		expect(purpose({ ...classifier, tools: [tool('Bash')] })).toBeUndefined();
	});
});

describe('turns and tools', () => {
	const turns = [
		user([
			{ type: 'text', text: '<system-reminder>date</system-reminder>' },
			{ type: 'text', text: 'Fix it' },
		]),
		{ role: 'system', content: 'You may search.' },
		{
			role: 'assistant',
			content: [
				{ type: 'tool_use', id: 't1', name: 'Read', input: {} },
				{ type: 'tool_use', id: 't2', name: 'Grep', input: {} },
			],
		},
		user([
			{ type: 'tool_result', tool_use_id: 't1', content: 'a' },
			{ type: 'tool_result', tool_use_id: 't2', content: 'b' },
			{ type: 'text', text: 'and hurry' },
		]),
		{ role: 'system', content: [{ type: 'text', text: 'Today is Monday.' }] },
	];

	it('names the tools whose results are the newest turn, and counts what the user typed', () => {
		const { signals } = decode('anthropic', { ...plain, messages: turns });
		expect(signals).toMatchObject({
			answeredToolNames: ['Read', 'Grep'],
			userTurnCount: 1,
			messageCount: 5,
			firstUserDigest: digest('Fix it'),
		});
		expect(decode('anthropic', { ...plain, messages: [...turns, user('Now test')] }).signals).toMatchObject({
			answeredToolNames: [],
			userTurnCount: 2,
		});
	});

	it('tells tools that the vendor runs from those that the client runs', () => {
		const call = decode('anthropic', {
			...plain,
			tools: [
				tool('Read', { strict: true, defer_loading: true }),
				{ type: 'bash_20250124', name: 'bash' },
				{ type: 'web_search_20250305', name: 'web_search' },
			],
		});
		expect(call.signals).toMatchObject({ toolNames: ['Read', 'bash'], serverToolTypes: ['web_search_20250305'] });
		expect(call.unboundedFields).toEqual(['tools: web_search_20250305 without max_uses']);
	});

	it('bounds the prompts that the vendor adds', () => {
		expect(decode('anthropic', plain).size.addedTokens).toBe(0);
		expect(decode('anthropic', { ...plain, tools: [tool('Read')] }).size.addedTokens).toBeGreaterThanOrEqual(530);
		expect(decode('anthropic', { ...plain, tools: [{ type: 'computer_20250124', name: 'computer' }] }).size.addedTokens).toBeGreaterThan(
			735 + 530,
		);
	});
});
