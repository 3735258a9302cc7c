import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReply as decodeMessage } from '../../../appliance/dialect/anthropic/decode-reply.ts';
import { createStreamDecoder as createMessageDecoder } from '../../../appliance/dialect/anthropic/decode-stream.ts';
import { decodeReply as decodeCompletion } from '../../../appliance/dialect/chat-completions/decode-reply.ts';
import { createStreamDecoder as createChunkDecoder } from '../../../appliance/dialect/chat-completions/decode-stream.ts';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { decodeReply as decodeResponse } from '../../../appliance/dialect/responses/decode-reply.ts';
import { createStreamDecoder as createEventDecoder } from '../../../appliance/dialect/responses/decode-stream.ts';
import { foldStream } from '../../../appliance/protocol/fold-stream.ts';
import type { StreamDecoder } from '../../../appliance/protocol/ports.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { NO_USAGE, type Reply, type StreamPart } from '../../../appliance/protocol/stream.ts';
import type { DialectName } from '../../../appliance/protocol/words.ts';
import { anyReply, chatReply, EXAMPLE, partsOf, responsesReply } from './answers.ts';
import { recorded } from './recorded.ts';
import { bytesOf, cutAt, decode, problemOf } from './wire.ts';

const call = {
	anthropic: decode('anthropic', { model: 'a', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'x' }] }),
	'chat-completions': decode('chat-completions', {
		model: 'a',
		stream: true,
		stream_options: { include_usage: true },
		messages: [{ role: 'user', content: 'x' }],
	}),
	responses: decode('responses', { model: 'a', stream: true, input: 'x' }),
};

const DECODERS: Readonly<Record<DialectName, () => StreamDecoder>> = {
	anthropic: createMessageDecoder,
	'chat-completions': () => createChunkDecoder(),
	responses: () => createEventDecoder(),
};

function wireOf(dialect: DialectName, parts: readonly StreamPart[]): string {
	const encoder = DIALECTS_BY_NAME[dialect].createStreamEncoder(call[dialect], 1_790_000_000_000);
	return parts.map((part) => encoder.encode(part)).join('');
}

function read(dialect: DialectName, chunks: readonly Uint8Array[]): StreamPart[] {
	const decoder = DECODERS[dialect]();
	return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

async function fold(parts: readonly StreamPart[]): Promise<Reply> {
	async function* each() {
		yield* parts;
	}
	return foldStream(each());
}

describe.each([
	['anthropic', anyReply, decodeMessage],
	['chat-completions', chatReply, decodeCompletion],
	['responses', responsesReply, decodeResponse],
] as const)('%s: what is written is read back the same', (dialect, replies, decodeReply) => {
	it('as a stream, cut anywhere', async () => {
		await fc.assert(
			fc.asyncProperty(replies, fc.array(fc.nat(2_000), { maxLength: 8 }), async (reply, cuts) => {
				const bytes = bytesOf(wireOf(dialect, partsOf(reply)));
				const chunks = cutAt(
					bytes,
					cuts.filter((cut) => cut <= bytes.length),
				);
				expect(await fold(read(dialect, chunks))).toEqual(reply);
				const tap = DIALECTS_BY_NAME[dialect].createReplyTap(true);
				for (const chunk of chunks) tap.push(chunk);
				expect(tap.summary()).toEqual({ usage: reply.usage, finish: reply.finish, isComplete: true, hasError: false });
			}),
		);
	});

	it('as a whole', () => {
		fc.assert(
			fc.property(replies, (reply) => {
				const text = DIALECTS_BY_NAME[dialect].encodeReply(reply, call[dialect]);
				expect(decodeReply(text)).toEqual(reply);
			}),
		);
	});
});

describe('the Messages encoder', () => {
	it('leaves out what would poison the session: empty texts and thinking that no vendor signed', async () => {
		const parts: StreamPart[] = [
			{ type: 'start', id: 'm', model: 'l', usage: undefined },
			{ type: 'thinking-start', index: 0 },
			{ type: 'thinking-delta', index: 0, text: 'hm' },
			{ type: 'thinking-end', index: 0 },
			{ type: 'text-start', index: 1 },
			{ type: 'text-delta', index: 1, text: '' },
			{ type: 'text-end', index: 1 },
			{ type: 'tool-call-start', index: 2, id: 't', name: 'Read' },
			{ type: 'tool-call-end', index: 2 },
			{ type: 'finish', reason: 'tool-calls', stopSequence: undefined, usage: { ...NO_USAGE, inputTokens: 1, outputTokens: 2 } },
		];
		const wire = wireOf('anthropic', parts);
		expect(wire).not.toContain('thinking');
		expect(wire).toContain('"index":0,"content_block":{"type":"tool_use"');
		expect((await fold(read('anthropic', [bytesOf(wire)]))).content).toEqual([{ type: 'tool-call', id: 't', name: 'Read', input: {} }]);
		const reply: Reply = {
			...EXAMPLE,
			content: [
				{ type: 'thinking', text: 'hm' },
				{ type: 'text', text: '' },
			],
		};
		expect(JSON.parse(DIALECTS_BY_NAME.anthropic.encodeReply(reply, call.anthropic)).content).toEqual([]);
	});

	it('names the stop sequence', () => {
		const wire = wireOf('anthropic', partsOf({ ...EXAMPLE, finish: 'stop-sequence', stopSequence: 'END' }));
		expect(wire).toContain('"delta":{"stop_reason":"stop_sequence","stop_sequence":"END"}');
	});
});

describe('the Chat Completions encoder', () => {
	it('reports usage only to callers who asked', () => {
		const silent = DIALECTS_BY_NAME['chat-completions'].createStreamEncoder({ ...call['chat-completions'], isUsageWanted: false });
		const wire = partsOf(EXAMPLE)
			.map((part) => silent.encode(part))
			.join('');
		expect(wire).not.toContain('usage');
		expect(wireOf('chat-completions', partsOf(EXAMPLE))).toContain(
			'"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":42,"total_tokens":1042',
		);
	});

	it('never writes unknown usage as zero', () => {
		const reply = { ...EXAMPLE, usage: NO_USAGE };
		expect(wireOf('chat-completions', partsOf(reply))).toContain('"choices":[],"usage":null');
		expect(DIALECTS_BY_NAME['chat-completions'].encodeReply(reply, call['chat-completions'])).not.toContain('usage');
	});
});

describe('decoding a stream that goes wrong', () => {
	it.each([
		['anthropic', 'anthropic-text-cut.sse', 'before the answer was finished'],
		['anthropic', 'anthropic-cut-before-stop.sse', 'before the answer was finished'],
		['anthropic', 'anthropic-error.sse', 'Overloaded'],
		['chat-completions', 'chat-cut.sse', 'before the answer was finished'],
		['chat-completions', 'chat-error.sse', 'The server had an error.'],
		['responses', 'responses-cut.sse', 'before the answer was finished'],
		['responses', 'responses-cut-in-last.sse', 'before the answer was finished'],
		['responses', 'responses-error.sse', 'The server had an error.'],
		['responses', 'responses-failed.sse', 'Please try again in 2s.'],
	] as const)('%s: %s ends in an error part', (dialect, name, words) => {
		const last = read(dialect, [recorded(name)]).at(-1);
		expect(last?.type === 'error' && last.problem.message).toContain(words);
	});

	it.each([
		['anthropic', 'anthropic-tools.sse'],
		['anthropic', 'anthropic-loose.sse'],
		['chat-completions', 'chat-tools.sse'],
		['chat-completions', 'chat-no-done.sse'],
		['responses', 'responses-tools.sse'],
		['responses', 'responses-loose.sse'],
		['responses', 'responses-incomplete.sse'],
	] as const)('%s: %s gives the same parts at every cut', (dialect, name) => {
		const bytes = recorded(name);
		const whole = read(dialect, [bytes]);
		expect(whole.at(-1)?.type).toBe('finish');
		for (let cut = 0; cut <= bytes.length; cut++) expect(read(dialect, cutAt(bytes, [cut]))).toEqual(whole);
	});

	it('reads recorded tool calls in their order', async () => {
		expect((await fold(read('anthropic', [recorded('anthropic-tools.sse')]))).content).toEqual([
			{ type: 'thinking', text: 'Two files, so two reads.', native: { dialect: 'anthropic', value: { signature: 'c2lnbmF0dXJl' } } },
			{ type: 'text', text: 'I read both.' },
			{ type: 'tool-call', id: 'toolu_01A', name: 'Read', input: { file_path: 'src/größe.ts' } },
			{ type: 'tool-call', id: 'toolu_01B', name: 'Read', input: { file_path: 'a.ts', limit: 1_000 } },
		]);
		expect((await fold(read('chat-completions', [recorded('chat-tools.sse')]))).content).toEqual([
			{ type: 'text', text: 'I look.' },
			{ type: 'tool-call', id: 'call_1', name: 'read_file', input: { path: 'größe.ts' } },
			{ type: 'tool-call', id: 'call_2', name: 'list_dir', input: {} },
		]);
		const value = {
			id: 'rs_0b1',
			type: 'reasoning',
			summary: [
				{ type: 'summary_text', text: 'Two files.' },
				{ type: 'summary_text', text: 'So two reads.' },
			],
			encrypted_content: 'ZW5jcnlwdGVk',
		};
		const content = [
			{ type: 'thinking', text: 'Two files.\n\nSo two reads.', native: { dialect: 'responses', value } },
			{ type: 'text', text: 'I look.' },
			{ type: 'tool-call', id: 'call_1', name: 'read_file', input: { path: 'größe.ts' } },
			{
				type: 'tool-call',
				id: 'call_2',
				name: 'apply_patch',
				isFreeform: true,
				input: '*** Begin Patch\n*** Delete File: a\n*** End Patch',
			},
		];
		expect((await fold(read('responses', [recorded('responses-tools.sse')]))).content).toEqual(content);
		expect(decodeResponse(new TextDecoder().decode(recorded('responses-reply.json')))).toMatchObject({ content });
		expect((await fold(read('responses', [recorded('responses-loose.sse')]))).content).toEqual([
			{ type: 'text', text: 'I look.' },
			{ type: 'tool-call', id: 'c1', name: 'list_dir', input: {} },
		]);
	});

	it('begins no part anew that has ended', () => {
		const item = { type: 'message', content: [{ type: 'output_text', text: 'once' }] };
		const done = `data: ${JSON.stringify({ type: 'response.output_item.done', output_index: 0, item })}\n\n`;
		const late = `data: ${JSON.stringify({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' })}\n\n`;
		const types = read('responses', [bytesOf(done + done + late)]).map(({ type }) => type);
		expect(types).toEqual(['text-start', 'text-delta', 'text-end', 'error']);
	});

	it('says so when a whole reply is none', () => {
		expect(problemOf(decodeMessage('{"type":"error"}')).code).toBe('upstream-failed');
		expect(decodeCompletion('nonsense')).toBeInstanceOf(Problem);
	});
});
