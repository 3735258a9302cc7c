/** Large bodies are read without their long strings: that must not change what is read. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCall as decodeMessages } from '../../../appliance/dialect/anthropic/decode-call.ts';
import { readBody } from '../../../appliance/dialect/body.ts';
import { decodeCall as decodeChat } from '../../../appliance/dialect/chat-completions/decode-call.ts';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { decodeCall as decodeResponses } from '../../../appliance/dialect/responses/decode-call.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { bytesOf, decode, digest, problemOf, textOf, tryDecode } from './wire.ts';

const headers = { 'user-agent': 'claude-cli/2.1.330', 'x-claude-code-session-id': 's' };
const NEVER = Number.POSITIVE_INFINITY;

function messagesCall(bytes: Uint8Array, skimFromBytes: number) {
	return decodeMessages({ path: '/v1/messages', query: '', headers, body: bytes }, digest, { skimFromBytes });
}

function chatCall(bytes: Uint8Array, skimFromBytes: number) {
	return decodeChat({ path: '/v1/chat/completions', query: '', headers: {}, body: bytes }, digest, { skimFromBytes });
}

function responsesCall(bytes: Uint8Array, skimFromBytes: number) {
	return decodeResponses({ path: '/v1/responses', query: '', headers: {}, body: bytes }, digest, { skimFromBytes });
}

/** Short and long texts with everything that a cut could fall into: escapes, quotes, characters of two to four bytes. */
const text = fc
	.tuple(
		fc.constantFrom(
			'',
			'<system-reminder>\n',
			'<transcript>\n',
			'CRITICAL: Respond with TEXT ONLY',
			'x-anthropic-billing-header: a',
			'# Env\n\nPlan mode is active. ',
		),
		fc.constantFrom('a', 'é\n', '😀"', '\\', '\u0001', '"\\"', '\u2028\t'),
		fc.nat(700),
		fc.constantFrom('', '\n\nPlan mode is active.', ' the end'),
	)
	.map(([start, piece, count, end]) => start + piece.repeat(count) + end);

const block = fc.oneof(
	text.map((value) => ({ type: 'text', text: value })),
	text.map((value) => ({ type: 'tool_result', tool_use_id: 't', content: value })),
	text.map((value) => ({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: value }] })),
	fc.nat(3_000).map((length) => ({ type: 'image', source: { type: 'base64', data: 'A'.repeat(length) } })),
);
const message = fc.record({
	role: fc.constantFrom('user', 'system', 'assistant'),
	content: fc.oneof(text, fc.array(block, { minLength: 1, maxLength: 3 })),
});
const tools = fc.array(
	text.map((description) => ({ name: 'Read', description, input_schema: { type: 'object' } })),
	{ maxLength: 2 },
);

const messagesBody = fc.record({
	model: fc.constant('claude-opus-5-5'),
	messages: fc.array(message, { minLength: 1, maxLength: 6 }),
	system: fc.array(
		text.map((value) => ({ type: 'text', text: value })),
		{ maxLength: 3 },
	),
	tools,
	metadata: text.map((value) => ({ user_id: JSON.stringify({ note: value, session_id: 'm' }) })),
	max_tokens: fc.constantFrom(1, 64, 32_000),
});

const chatMessage = fc.record({
	role: fc.constantFrom('user', 'system', 'developer', 'assistant', 'tool'),
	content: text,
	tool_call_id: fc.constant('t'),
});
const chatBody = fc.record({ model: fc.constant('gpt-6-astra'), messages: fc.array(chatMessage, { minLength: 1, maxLength: 6 }) });

const item = fc.oneof(
	fc.record({ type: fc.constant('message'), role: fc.constantFrom('user', 'developer', 'assistant'), content: text }),
	text.map((value) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text: `<environment_context>${value}` }] })),
	text.map((value) => ({ type: 'function_call', call_id: 't', name: 'read', arguments: value })),
	text.map((value) => ({ type: 'function_call_output', call_id: 't', output: [{ type: 'input_text', text: value }] })),
	text.map((value) => ({ type: 'reasoning', summary: [{ type: 'summary_text', text: value }], encrypted_content: value })),
	fc.nat(3_000).map((length) => ({ role: 'user', content: [{ type: 'input_image', image_url: `data:,${'A'.repeat(length)}` }] })),
);
const responsesBody = fc.record({
	model: fc.constant('gpt-6-astra'),
	instructions: text,
	input: fc.oneof(text, fc.array(item, { minLength: 1, maxLength: 6 })),
	tools: fc.array(
		fc.oneof(
			text.map((description) => ({ type: 'function', name: 'read', description })),
			fc.constant({ type: 'web_search' }),
		),
	),
	client_metadata: text.map((value) => ({ 'x-codex-turn-metadata': JSON.stringify({ note: value, session_id: 's', turn_id: 'u' }) })),
	max_output_tokens: fc.constantFrom(16, 32_000),
});

describe('a skimmed body', () => {
	it('says the same as the whole one: Messages', () => {
		fc.assert(
			fc.property(messagesBody, fc.constantFrom(undefined, 1), (body, indent) => {
				const bytes = bytesOf(JSON.stringify(body, undefined, indent));
				expect(messagesCall(bytes, 0)).toEqual(messagesCall(bytes, NEVER));
			}),
			{ numRuns: 300 },
		);
	});

	it('says the same as the whole one: Chat Completions', () => {
		fc.assert(
			fc.property(chatBody, (body) => {
				const bytes = bytesOf(body);
				expect(chatCall(bytes, 0)).toEqual(chatCall(bytes, NEVER));
			}),
			{ numRuns: 200 },
		);
	});

	it('says the same as the whole one: Responses', () => {
		fc.assert(
			fc.property(responsesBody, (body) => {
				const bytes = bytesOf(body);
				expect(responsesCall(bytes, 0)).toEqual(responsesCall(bytes, NEVER));
			}),
			{ numRuns: 200 },
		);
	});

	it('keeps its digests and its plan mode when it grows over the size from which it is skimmed', () => {
		const first = { role: 'user', content: `Fix it\n${'"long"\n'.repeat(400)}` };
		const planning = { role: 'system', content: `${'line\n'.repeat(400)}\nPlan mode is active.` };
		const system = [{ type: 'text', text: `You help.\n${'"rule"\n'.repeat(400)}` }];
		const body = (results: number) => ({
			model: 'a',
			system,
			tools: [{ name: 'Read', description: 'x\n'.repeat(900), input_schema: {} }],
			messages: [
				first,
				planning,
				...Array.from({ length: results }, () => ({
					role: 'user',
					content: [{ type: 'tool_result', tool_use_id: 't', content: '"x"\n'.repeat(900) }],
				})),
			],
		});
		const [small, large] = [body(1), body(100)].map((one) => decode('anthropic', one, headers));
		expect(large?.size.bodyBytes).toBeGreaterThan(400_000);
		expect(large?.signals).toEqual({ ...small?.signals, messageCount: 102 });
		expect(large?.signals.purpose).toBe('plan');
	});

	it('is much smaller than the whole one, and spans still point into the whole one', () => {
		const body = { messages: [{ role: 'user', content: `"${'é\n'.repeat(100_000)}` }], model: 'a' };
		const bytes = bytesOf(body);
		const read = readBody(bytes);
		if (read instanceof Problem) throw read;
		expect(JSON.stringify(read.fields).length).toBeLessThan(500);
		expect(read.wholeMessage(0)).toEqual(body.messages[0]);
		expect(read.wholeField('messages')).toEqual(body.messages);
		const spliced = DIALECTS_BY_NAME.anthropic.splice(bytes, decode('anthropic', bytes), { model: 'b' });
		expect(JSON.parse(textOf(spliced))).toEqual({ ...body, model: 'b' });
	});

	it('is refused where its encoding is broken, even in what is left out', () => {
		const bytes = bytesOf({
			model: 'a',
			messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '\n'.repeat(100_000) }] }],
		});
		expect(tryDecode('anthropic', bytes)).not.toBeInstanceOf(Problem);
		bytes[150_000] = 0xc0;
		expect(problemOf(tryDecode('anthropic', bytes)).message).toContain('UTF-8');
	});

	it('leaves broken escapes in what it does not read to whoever reads it, and refuses them where it must read', () => {
		const write = (content: string) => `{"model":"a","messages":[{"role":"user","content":"x"},{"role":"user","content":"${content}"}]}`;
		const broken = `${'\\n'.repeat(50_000)}\\q`;
		expect(tryDecode('anthropic', write(broken))).not.toBeInstanceOf(Problem);
		expect(problemOf(DIALECTS_BY_NAME.anthropic.decodeConversation(bytesOf(write(broken)))).message).toContain('not valid JSON');
		expect(problemOf(tryDecode('anthropic', write(broken).replace('"x"', `"${broken}"`))).message).toContain('not valid JSON');
	});
});
