import { describe, expect, it } from 'vitest';
import { chatCompletions } from '../../../appliance/dialect/chat-completions/chat-completions.ts';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { seal } from '../../../appliance/dialect/sealed-native.ts';
import type { DialectName, Vendor } from '../../../appliance/protocol/words.ts';
import { bytesOf, decode, textOf } from './wire.ts';

const fitted = (dialect: DialectName, body: string, vendor?: Vendor) =>
	textOf(DIALECTS_BY_NAME[dialect].fitBody(bytesOf(body), { hasForeign: true }, vendor));
const sealed = seal({ dialect: 'chat-completions', vendor: 'gemini', value: {} });

describe('Messages', () => {
	const foreign = `{"type":"thinking","thinking":"hm","signature":"${sealed}"}`;
	const own = '{"type":"thinking","thinking":"mine","signature":"c2ln"}';
	const call = '{"type":"tool_use","id":"t","name":"read","input":{}}';
	const user = '{"role":"user",  "content":[{"type":"tool_result","tool_use_id":"t","content":"1.0"}]}';

	it('takes sealed blocks out and leaves every other byte, spaces and numbers included', () => {
		const body = `{"temperature": 1.0, "messages":[${user}, {"role":"assistant","content":[${foreign},${call}]}, ${user}]}`;
		const without = `{"temperature": 1.0, "messages":[${user}, {"role":"assistant","content":[${call}]}, ${user}]}`;
		expect(fitted('anthropic', body)).toBe(without);
		expect(fitted('anthropic', without)).toBe(without);
	});

	it('takes a message out that was nothing else', () => {
		const body = `{"messages":[${user}, {"role":"assistant","content":[${foreign}]}, ${user}], "max_tokens":5}`;
		expect(fitted('anthropic', body)).toBe(`{"messages":[${user},${user}], "max_tokens":5}`);
	});

	it('turns a fixed thinking budget off where results answer calls that the vendor did not think up', () => {
		const loop = (blocks: string) =>
			`{"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"assistant","content":[${blocks}]},${user}]}`;
		expect(fitted('anthropic', loop(`${foreign},${call}`))).toContain('"thinking":{"type":"disabled"}');
		expect(fitted('anthropic', loop(`${own},${foreign},${call}`))).toContain('"thinking":{"type":"enabled","budget_tokens":1024}');
		const adaptive = loop(`${foreign},${call}`).replace('"enabled","budget_tokens":1024', '"adaptive"');
		expect(fitted('anthropic', adaptive)).toContain('"thinking":{"type":"adaptive"}');
	});

	it('leaves alone what is no such body', () => {
		for (const body of ['', '[]', '{"messages":', '{"messages":7}']) expect(fitted('anthropic', body)).toBe(body);
	});
});

describe('Chat Completions', () => {
	const call = { id: 'c', type: 'function', function: { name: 'read', arguments: '{}' } };
	const signed = { ...call, extra_content: { google: { thought_signature: 'c2ln' } } };
	const body = (turn: object) =>
		JSON.stringify({
			model: 'm',
			messages: [
				{ role: 'developer', content: 'd' },
				{ role: 'assistant', content: null, ...turn },
			],
		});
	const turnOf = (text: string) => JSON.parse(text).messages[1];

	it('shows OpenAI no other vendor’s reasoning', () => {
		const done = fitted('chat-completions', body({ reasoning_content: 'hm', tool_calls: [signed] }), 'openai');
		expect(turnOf(done)).toEqual({ role: 'assistant', content: null, tool_calls: [call] });
		expect(JSON.parse(done).messages[0].role).toBe('developer');
	});

	it('gives Gemini its signatures, and a mark for calls that have none', () => {
		const done = fitted('chat-completions', body({ reasoning_content: 'hm', tool_calls: [signed, call] }), 'gemini');
		expect(turnOf(done).tool_calls).toEqual([
			signed,
			{ ...call, extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } },
		]);
		expect(turnOf(done).reasoning_content).toBeUndefined();
		expect(JSON.parse(done).messages[0].role).toBe('system');
	});

	it('gives DeepSeek the field that it insists on, once', () => {
		expect(turnOf(fitted('chat-completions', body({ tool_calls: [signed] }), 'deepseek'))).toEqual({
			role: 'assistant',
			content: null,
			tool_calls: [call],
			reasoning_content: '',
		});
		expect(turnOf(fitted('chat-completions', body({ reasoning_content: 'hm', tool_calls: [call] }), 'deepseek')).reasoning_content).toBe(
			'hm',
		);
	});

	it('leaves a body alone that holds nothing foreign, or whose vendor is nobody in particular', () => {
		const bytes = bytesOf(body({ reasoning_content: 'hm', tool_calls: [signed] }));
		expect(chatCompletions.fitBody(bytes, { hasForeign: true }, undefined)).toBe(bytes);
		expect(chatCompletions.fitBody(bytes, {}, 'openai')).toBe(bytes);
	});
});

describe('Responses', () => {
	it('takes sealed reasoning out, and leaves the vendor’s own', () => {
		const user = '{"role":"user","content":"x"}';
		const own = '{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"Z0FBQUFB"}';
		const foreign = `{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"${sealed}"}`;
		expect(fitted('responses', `{"temperature":1.0,"input":[${user}, ${own}, ${foreign}]}`)).toBe(
			`{"temperature":1.0,"input":[${user},${own}]}`,
		);
	});
});

describe('a call', () => {
	const turn = (message: object) => ({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }, message] });

	it('says that its history holds what not everybody may see, also where its texts are long', () => {
		const long = seal({ dialect: 'responses', value: { encrypted_content: 'x'.repeat(100_000) } });
		const thinking = (signature: string) => turn({ role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature }] });
		expect(decode('anthropic', thinking(long)).hasForeign).toBe(true);
		expect(decode('anthropic', thinking('c2ln')).hasForeign).toBeUndefined();
		expect(decode('chat-completions', turn({ role: 'assistant', content: 'y', reasoning_content: 'hm' })).hasForeign).toBe(true);
		expect(decode('chat-completions', turn({ role: 'assistant', content: 'y' })).hasForeign).toBeUndefined();
		const item = (encrypted_content: string) => ({ model: 'm', input: [{ type: 'reasoning', id: 'r', summary: [], encrypted_content }] });
		expect([decode('responses', item(long)).hasForeign, decode('responses', item('Z0FB')).hasForeign]).toEqual([true, undefined]);
	});
});
