import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { createWholeTap } from '../../../appliance/dialect/reply-tap.ts';
import type { ReplySummary } from '../../../appliance/protocol/ports.ts';
import type { FinishReason, Usage } from '../../../appliance/protocol/stream.ts';
import { DIALECTS } from '../../../appliance/protocol/words.ts';
import { recorded } from './recorded.ts';
import { bytesOf, cutAt } from './wire.ts';

function usage(input?: number, read?: number, write?: number, hour?: number, output?: number): Usage {
	return { inputTokens: input, cacheReadTokens: read, cacheWriteTokens: write, cacheWrite1hTokens: hour, outputTokens: output };
}

function summary(counted: Usage, finish: FinishReason | undefined, isComplete = true, hasError = false): ReplySummary {
	return { usage: counted, finish, isComplete, hasError };
}

const RECORDED: Readonly<Record<string, ReplySummary>> = {
	'anthropic-text.sse': summary(usage(12, 0, 0, 0, 17), 'stop'),
	'anthropic-text-crlf.sse': summary(usage(12, 0, 0, 0, 17), 'stop'),
	'anthropic-tools.sse': summary(usage(5, 20_480, 300, 1_000, 96), 'tool-calls'),
	'anthropic-compaction.sse': summary(usage(912, 0, 0, 0, 84), 'stop-sequence'),
	'anthropic-loose.sse': summary(usage(3, undefined, undefined, undefined, 2), 'length'),
	'anthropic-text-cut.sse': summary(usage(12, 0, 0, 0), undefined, false),
	'anthropic-cut-before-stop.sse': summary(usage(12, 0, 0, 0, 17), 'stop', false),
	'anthropic-error.sse': summary(usage(12, 0, 0, 0), undefined, false, true),
	'anthropic-reply.json': summary(usage(40, 7, 10, undefined, 21), 'tool-calls'),
	'anthropic-error.json': summary(usage(), undefined, true, true),
	'chat-usage.sse': summary(usage(176, 1_024, 0, 0, 44), 'stop'),
	'chat-usage-crlf.sse': summary(usage(176, 1_024, 0, 0, 44), 'stop'),
	'chat-text.sse': summary(usage(), 'stop'),
	'chat-tools.sse': summary(usage(176, 1_024, 0, 0, 44), 'tool-calls'),
	'chat-python.sse': summary(usage(9, 0, 0, 0, 3), 'stop'),
	'chat-no-done.sse': summary(usage(9, 0, 0, 0, 3), 'length'),
	'chat-cut.sse': summary(usage(), undefined, false),
	'chat-error.sse': summary(usage(), undefined, false, true),
	'chat-reply.json': summary(usage(176, 1_024, 0, 0, 44), 'tool-calls'),
	'chat-error.json': summary(usage(), undefined, true, true),
	'responses-text.sse': summary(usage(48, 128, 0, 0, 44), 'stop'),
	'responses-text-crlf.sse': summary(usage(48, 128, 0, 0, 44), 'stop'),
	'responses-tools.sse': summary(usage(20, 20_480, 200, 300, 96), 'tool-calls'),
	'responses-incomplete.sse': summary(usage(9, 0, 0, 0, 16), 'length'),
	'responses-loose.sse': summary(usage(9, 0, 0, 0, 3), 'tool-calls'),
	'responses-cut.sse': summary(usage(), undefined, false),
	'responses-cut-in-last.sse': summary(usage(), undefined, false),
	'responses-error.sse': summary(usage(), undefined, false, true),
	'responses-failed.sse': summary(usage(), undefined, true, true),
	'responses-reply.json': summary(usage(48, 128, 0, 0, 44), 'tool-calls'),
	'responses-error.json': summary(usage(), undefined, true, true),
	'responses-compaction.json': summary(usage(500, 0, 0, 0, 80), 'stop'),
};

function hear(name: string, chunks: readonly Uint8Array[]): ReplySummary {
	const dialect = DIALECTS.find((one) => name.startsWith(one === 'chat-completions' ? 'chat' : one)) ?? 'anthropic';
	const tap = DIALECTS_BY_NAME[dialect].createReplyTap(name.endsWith('.sse'));
	for (const chunk of chunks) tap.push(chunk);
	return tap.summary();
}

describe.each(Object.entries(RECORDED))('%s', (name, expected) => {
	const bytes = recorded(name);

	it('is heard right', () => {
		expect(hear(name, [bytes])).toEqual(expected);
	});

	it('is heard the same when it is cut in two at any byte, or arrives byte by byte', () => {
		for (let cut = 0; cut <= bytes.length; cut++) expect(hear(name, cutAt(bytes, [cut]))).toEqual(expected);
		expect(
			hear(
				name,
				[...bytes].map((byte) => new Uint8Array([byte])),
			),
		).toEqual(expected);
	});

	it('is heard the same however it is cut', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
				expect(hear(name, cutAt(bytes, cuts))).toEqual(expected);
			}),
		);
	});
});

describe('a stream that ends early', () => {
	it.each(['anthropic-tools.sse', 'chat-tools.sse', 'responses-tools.sse'])('is never complete before its finish: %s', (name) => {
		const bytes = recorded(name);
		const whole = RECORDED[name];
		for (let length = 0; length < bytes.length; length++) {
			const heard = hear(name, [bytes.subarray(0, length)]);
			if (heard.isComplete) expect(heard.finish).toBe(whole?.finish);
			// What is heard of a cut stream's output is its final count or nothing.
			expect([undefined, whole?.usage.outputTokens]).toContain(heard.usage.outputTokens);
		}
		expect(hear(name, [bytes.subarray(0, bytes.length / 2)]).isComplete).toBe(false);
	});
});

describe('huge replies', () => {
	it('keep memory bounded and their usage unknown, which is not zero', () => {
		const tap = createWholeTap(() => summary(usage(1, 1, 1, 1, 1), 'stop'), 100);
		for (let count = 0; count < 50; count++) tap.push(bytesOf('{"usage":1}'));
		expect(tap.summary()).toEqual(summary(usage(), undefined));
		tap.push(bytesOf('{"cut":'));
		expect(tap.summary().isComplete).toBe(false);
	});

	it('know by its name that an answer ended whose last event is too long to be heard', () => {
		const tap = DIALECTS_BY_NAME.responses.createReplyTap(true);
		tap.push(
			bytesOf(`event: response.completed\ndata: {"type":"response.completed","response":{"output":["${'x'.repeat(9_000_000)}"]}}\n\n`),
		);
		expect(tap.summary()).toEqual(summary(usage(), undefined));
	});

	it('hear the usage behind a content event of many megabytes', () => {
		const tap = DIALECTS_BY_NAME.anthropic.createReplyTap(true);
		const events = recorded('anthropic-text.sse');
		const delta = bytesOf(
			`event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":"${'x'.repeat(6_000_000)}"}}\n\n`,
		);
		tap.push(delta);
		tap.push(events);
		expect(tap.summary()).toEqual(RECORDED['anthropic-text.sse']);
	});
});
