import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import type { Splice } from '../../../appliance/protocol/call.ts';
import type { DialectName } from '../../../appliance/protocol/words.ts';
import { bytesOf, decode, textOf } from './wire.ts';

function spliced(dialect: DialectName, body: string, changes: Splice): string {
	const bytes = bytesOf(body);
	return textOf(DIALECTS_BY_NAME[dialect].splice(bytes, decode(dialect, bytes), changes));
}

describe('splice', () => {
	it('replaces model and cap by offset and leaves every other byte', () => {
		const body = (model: string, cap: string) =>
			`\n{ "model" : ${model},\t"x-unknown":{"model":"keep","max_tokens":7}, "temperature":1.0,"top_k":1152921504606846976,\r\n` +
			`"big":1e400,"max_tokens" :${cap} , "messages":[ {"role":"user","content":"\\u00e9 \\ud83d\\ude00 é 😀 \\"model\\":\\"no\\""} ] }\n`;
		expect(spliced('anthropic', body('"claude-opus-5-5"', '32000'), { model: 'm', outputCapTokens: 100 })).toBe(body('"m"', '100'));
	});

	it('replaces every occurrence of a repeated key, escaped names included', () => {
		const body = (model: string, cap: string) =>
			`{"model":${model},"max_tokens":${cap},"messages":[{"role":"user","content":"x"}],"mod\\u0065l": ${model} ,"max_tokens":${cap}}`;
		const call = decode('anthropic', body('"a"', '5'));
		expect(call.spans.model).toHaveLength(2);
		expect(spliced('anthropic', body('"a"', '5'), { model: 'b"\n', outputCapTokens: 9 })).toBe(body('"b\\"\\n"', '9'));
	});

	it('puts a missing cap in, under the key of the dialect', () => {
		const rest = '"model":"a","messages":[{"role":"user","content":"x"}]}';
		expect(spliced('anthropic', `{${rest}`, { outputCapTokens: 9 })).toBe(`{"max_tokens":9,${rest}`);
		expect(spliced('chat-completions', `{ ${rest}`, { outputCapTokens: 9 })).toBe(`{"max_completion_tokens":9, ${rest}`);
	});

	it('replaces both cap keys of chat-completions, and null', () => {
		const body = (cap: string) =>
			`{"model":"a","max_tokens":${cap},"max_completion_tokens":${cap},"messages":[{"role":"user","content":"x"}]}`;
		expect(spliced('chat-completions', body('null'), { outputCapTokens: 9 })).toBe(body('9'));
	});

	it('gives the same bytes back when there is nothing to change', () => {
		const bytes = bytesOf('{"model":"a","messages":[{"role":"user","content":"x"}]}');
		expect(DIALECTS_BY_NAME.anthropic.splice(bytes, decode('anthropic', bytes), {})).toBe(bytes);
	});

	it('counts a byte order mark', () => {
		const rest = '"messages":[{"role":"user","content":"x"}]}';
		const bytes = bytesOf(`\uFEFF{"model":"a",${rest}`);
		const result = DIALECTS_BY_NAME.anthropic.splice(bytes, decode('anthropic', bytes), { model: 'b' });
		expect(result).toEqual(bytesOf(`\uFEFF{"model":"b",${rest}`));
	});

	it('changes nothing else in any body', () => {
		const field = fc.tuple(fc.string(), fc.jsonValue()).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
		const space = fc.constantFrom('', ' ', '\r\n', '\t');
		fc.assert(
			fc.property(fc.array(field), fc.array(field), space, fc.string(), fc.nat(), (before, after, gap, model, cap) => {
				const write = (modelJson: string, capJson: string) =>
					`{${gap}${[...before, `"model"${gap}:${gap}${modelJson}`, '"messages":[{"role":"user","content":"x"}]', `"max_tokens":${capJson}`, ...after].join(`${gap},${gap}`)}${gap}}`;
				const bytes = bytesOf(write('"claude"', '77'));
				const hasOwnMeaning = [...before, ...after].some((text) =>
					/^"(model|messages|max_tokens|tools|system|stream|tool_choice|metadata)"/.test(text),
				);
				fc.pre(!hasOwnMeaning);
				const result = DIALECTS_BY_NAME.anthropic.splice(bytes, decode('anthropic', bytes), { model, outputCapTokens: cap });
				expect(textOf(result)).toBe(textOf(bytesOf(write(JSON.stringify(model), String(cap)))));
			}),
		);
	});
});

describe('asking a stream for its usage', () => {
	const write = (options: string) => `{"model":"a",${options}"stream":true,"messages":[{"role":"user","content":"x"}]}`;
	const ask = (body: string) => spliced('chat-completions', body, { includeUsage: true });

	it.each([
		['"stream_options":{},', '"stream_options":{"include_usage":true},'],
		['"stream_options":null,', '"stream_options":{"include_usage":true},'],
		['"stream_options": { "include_usage" : false } ,', '"stream_options": { "include_usage" : true } ,'],
		['"stream_options":{"include_obfuscation":false},', '"stream_options":{"include_usage":true,"include_obfuscation":false},'],
		['"stream_options":{"include_usage":true},', '"stream_options":{"include_usage":true},'],
	])('turns %s into %s', (before, after) => {
		expect(ask(write(before))).toBe(write(after));
	});

	it('puts the option in where there is none, and lets a call alone that is no stream', () => {
		expect(ask(write(''))).toBe(`{"stream_options":{"include_usage":true},${write('').slice(1)}`);
		const whole = '{"model":"a","messages":[{"role":"user","content":"x"}]}';
		expect(ask(whole)).toBe(whole);
	});

	it('knows whether the caller itself asked', () => {
		expect(decode('chat-completions', write('"stream_options":{"include_usage":true},')).isUsageWanted).toBe(true);
		expect(decode('chat-completions', write('')).isUsageWanted).toBe(false);
	});
});
