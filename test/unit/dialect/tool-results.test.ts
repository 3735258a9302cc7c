/** Tool results in a body: found by offset in each dialect, replaced without another byte changed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findToolResults, readText, replaceTexts } from '../../../appliance/dialect/tool-results.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const text = 'first\nsecond "quoted" é \u2028';

const anthropic = (content: unknown, more: readonly unknown[] = []) => ({
	model: 'claude',
	messages: [
		{ role: 'user', content: 'do it' },
		{
			role: 'assistant',
			content: [
				{ type: 'text', text: 'x' },
				{ type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'npm test' } },
			],
		},
		{
			role: 'user',
			content: [
				{ type: 'tool_result', tool_use_id: 't1', content, cache_control: { type: 'ephemeral' } },
				{ type: 'text', text: 'note' },
			],
		},
		...more,
	],
});
const chat = (content: unknown) => ({
	model: 'gpt',
	messages: [
		{
			role: 'assistant',
			content: null,
			tool_calls: [{ id: 't1', type: 'function', function: { name: 'Bash', arguments: '{"command":"npm test"}' } }],
		},
		{ role: 'tool', tool_call_id: 't1', content },
	],
});
const responses = (output: unknown) => ({
	model: 'gpt',
	input: [
		{ role: 'user', content: 'do it' },
		{ type: 'function_call', call_id: 't1', name: 'Bash', arguments: '{"command":"npm test"}' },
		{ type: 'function_call_output', call_id: 't1', output },
	],
});

const CASES = [
	['anthropic', anthropic(text)],
	['anthropic', anthropic([{ type: 'text', text }])],
	['chat-completions', chat(text)],
	['chat-completions', chat([{ type: 'text', text }])],
	['responses', responses(text)],
	['responses', responses([{ type: 'input_text', text }])],
] as const;

describe('tool results', () => {
	it.each(CASES)('are found in %s, with their call, and replaced alone', (dialect, value) => {
		const body = bytes(value);
		const { texts, calls, turns } = findToolResults(dialect, body);
		expect(texts).toHaveLength(1);
		const [found] = texts;
		if (found === undefined) throw new Error('nothing found');
		expect(readText(body, found.span)).toBe(text);
		expect(found).toMatchObject({ callId: 't1', toolName: 'Bash', input: '{"command":"npm test"}', part: 0, isNewest: true });
		expect([calls.length, turns]).toEqual([1, 1]);
		const replaced = replaceTexts(body, [{ span: found.span, text: 'short' }]);
		const expected = body.toString().replace(JSON.stringify(text), '"short"');
		expect(Buffer.from(replaced).toString()).toBe(expected);
	});

	it('are not newest once the model has answered', () => {
		const body = bytes(
			anthropic(text, [
				{ role: 'assistant', content: 'seen' },
				{ role: 'user', content: 'go on' },
			]),
		);
		expect(findToolResults('anthropic', body).texts[0]?.isNewest).toBe(false);
	});

	it.each([
		[
			'an image beside the text',
			anthropic([
				{ type: 'text', text },
				{ type: 'image', source: {} },
			]),
		],
		['a document', anthropic([{ type: 'document', source: {} }])],
		['cited text', anthropic([{ type: 'text', text, citations: [] }])],
		['a text that is none', anthropic([{ type: 'text', text: 7 }])],
		['nothing', anthropic(undefined)],
	])('that hold %s are left alone', (_, value) => expect(findToolResults('anthropic', bytes(value)).texts).toEqual([]));

	it('with a repeated key are left alone, since nobody knows which one counts', () => {
		const body = Buffer.from(bytes(anthropic(text)).toString().replace('"tool_use_id":"t1"', '"tool_use_id":"t1","content":"other"'));
		expect(findToolResults('anthropic', body).texts).toEqual([]);
	});

	it('are no reason to fail on any body', () => {
		fc.assert(
			fc.property(fc.constantFrom('anthropic', 'chat-completions', 'responses'), fc.jsonValue(), fc.nat(40), (dialect, value, cut) => {
				const whole = bytes({ model: 1, messages: value, input: value });
				const { texts } = findToolResults(dialect, whole);
				findToolResults(dialect, whole.subarray(0, Math.max(0, whole.length - cut)));
				expect(
					replaceTexts(
						whole,
						texts.map(({ span }) => ({ span, text: readText(whole, span) })),
					).length,
				).toBeGreaterThan(0);
			}),
			{ seed: 7, numRuns: 300 },
		);
	});
});
