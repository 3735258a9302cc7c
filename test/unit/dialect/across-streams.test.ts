/** Thousands of streams of every dialect, whole, cut and broken, for callers of every other: nothing throws or hangs, and each ends once. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { CallRestorer, restoreReply } from '../../../appliance/dialect/restore-calls.ts';
import { foldStream } from '../../../appliance/protocol/fold-stream.ts';
import type { ReplyContent, StreamPart } from '../../../appliance/protocol/stream.ts';
import { DIALECTS, type DialectName } from '../../../appliance/protocol/words.ts';
import { partsOf } from './answers.ts';
import { recorded } from './recorded.ts';
import { bytesOf, cutAt, decode } from './wire.ts';

const STREAMS: Readonly<Record<DialectName, readonly string[]>> = {
	anthropic: ['anthropic-tools.sse', 'anthropic-text.sse', 'anthropic-loose.sse', 'anthropic-compaction.sse', 'anthropic-error.sse'],
	'chat-completions': ['chat-tools.sse', 'chat-usage.sse', 'chat-python.sse', 'chat-no-done.sse', 'chat-error.sse'],
	responses: ['responses-tools.sse', 'responses-text.sse', 'responses-loose.sse', 'responses-incomplete.sse', 'responses-failed.sse'],
};
const call = {
	anthropic: decode('anthropic', { model: 'a', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'x' }] }),
	'chat-completions': decode('chat-completions', { model: 'a', stream: true, messages: [{ role: 'user', content: 'x' }] }),
	responses: decode('responses', { model: 'a', stream: true, input: 'x' }),
};
const source = { vendor: undefined, idPrefix: 'id' };

function read(dialect: DialectName, chunks: readonly Uint8Array[]): StreamPart[] {
	const decoder = DIALECTS_BY_NAME[dialect].createStreamDecoder(source);
	return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** A block begins where the one before it has ended, and nothing is said of another one meanwhile. */
function expectInOrder(parts: readonly StreamPart[]): void {
	let open: number | undefined;
	for (const part of parts) {
		if (part.type.endsWith('-start')) {
			expect(open).toBeUndefined();
			open = 'index' in part ? part.index : undefined;
		} else if ('index' in part) expect(part.index).toBe(open);
		if (part.type.endsWith('-end')) open = undefined;
	}
}

describe.each(DIALECTS)('a stream of %s', (dialect) => {
	const cuts = fc.array(fc.nat(4_000), { maxLength: 6 });
	const byteEdit = fc.record({ at: fc.nat(4_000), drop: fc.nat(6), put: fc.uint8Array({ maxLength: 6 }) });
	const streams = STREAMS[dialect].map(recorded);

	it('gives the same parts wherever it is cut', () => {
		fc.assert(
			fc.property(fc.constantFrom(...streams), cuts, (bytes, at) => {
				expect(
					read(
						dialect,
						cutAt(
							bytes,
							at.filter((cut) => cut <= bytes.length),
						),
					),
				).toEqual(read(dialect, [bytes]));
			}),
			{ numRuns: 200 },
		);
	});

	it('that is broken ends in one last part, opens nothing twice, and reaches every caller', () => {
		fc.assert(
			fc.property(fc.constantFrom(...streams), fc.array(byteEdit, { maxLength: 4 }), cuts, (whole, edits, at) => {
				let bytes = whole;
				for (const { at: place, drop, put } of edits)
					bytes = new Uint8Array([...bytes.subarray(0, place), ...put, ...bytes.subarray(place + drop)]);
				const parts = read(
					dialect,
					cutAt(
						bytes,
						at.filter((cut) => cut <= bytes.length),
					),
				);
				const ends = parts.filter(({ type }) => type === 'finish' || type === 'error');
				expect([ends.length, ends[0]]).toEqual([1, parts.at(-1)]);
				const restorer = new CallRestorer(new Map([['Read', { name: 'read', isFreeform: true }]]));
				for (const to of DIALECTS) {
					const encoder = DIALECTS_BY_NAME[to].createStreamEncoder(call[to], 1);
					for (const part of parts.flatMap((one) => restorer.take(one))) expect(typeof encoder.encode(part)).toBe('string');
				}
			}),
			{ numRuns: 300 },
		);
	});

	it('keeps its blocks one after the other', () => {
		for (const bytes of streams) expectInOrder(read(dialect, [bytes]));
	});
});

const asFunctionCall = ({ id, name, input }: Extract<ReplyContent, { type: 'tool-call' }>) => ({
	type: 'tool-call',
	id,
	name,
	input: { input },
});

describe('a recorded answer', () => {
	const whole = DIALECTS.flatMap((dialect) => STREAMS[dialect].map((file) => [dialect, file] as const)).filter(
		([dialect, file]) => read(dialect, [recorded(file)]).at(-1)?.type === 'finish',
	);
	async function fold(parts: readonly StreamPart[]) {
		async function* each() {
			yield* parts;
		}
		return foldStream(each());
	}

	it.each(whole)('of %s (%s) is the same after a way through its own words, streamed and whole', async (dialect, file) => {
		const parts = read(dialect, [recorded(file)]);
		const { content, finish, usage } = await fold(parts);
		const usageIsTold = { ...call[dialect], isUsageWanted: true };
		const encoder = DIALECTS_BY_NAME[dialect].createStreamEncoder(usageIsTold, 1);
		const streamed = await fold(read(dialect, [bytesOf(parts.map((part) => encoder.encode(part)).join(''))]));
		expect({ content: streamed.content, finish: streamed.finish, usage: streamed.usage }).toEqual({ content, finish, usage });
		const reply = DIALECTS_BY_NAME[dialect].decodeReply(DIALECTS_BY_NAME[dialect].encodeReply(await fold(parts), usageIsTold, 1), source);
		expect(reply).toMatchObject({ content, finish, usage });
	});

	it.each(whole)('of %s (%s) says the same to callers of every other dialect', async (dialect, file) => {
		const parts = read(dialect, [recorded(file)]);
		const said = (await fold(parts)).content.filter(({ type }) => type !== 'thinking');
		for (const to of DIALECTS) {
			const encoder = DIALECTS_BY_NAME[to].createStreamEncoder(call[to], 1);
			const heard = await fold(read(to, [bytesOf(parts.map((part) => encoder.encode(part)).join(''))]));
			// Messages tells a freeform call as a function of one string.
			const told = said.map((one) => (one.type === 'tool-call' && one.isFreeform && to === 'anthropic' ? asFunctionCall(one) : one));
			expect(heard.content.filter(({ type }) => type !== 'thinking')).toEqual(told);
		}
	});
});

describe('a stream of Chat Completions that mixes its calls', () => {
	const piece = (index: number | undefined, over: object, args = '') => ({
		choices: [{ delta: { tool_calls: [{ index, ...over, function: { ...(over as { function?: object }).function, arguments: args } }] } }],
	});
	const named = (id: string, called: string) => ({ id, type: 'function', function: { name: called } });
	const end = { choices: [{ delta: {}, finish_reason: 'tool_calls' }] };
	const wire = (chunks: readonly object[]) => bytesOf(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
	async function callsOf(chunks: readonly object[]) {
		expectInOrder(read('chat-completions', [wire(chunks)]));
		async function* each() {
			yield* read('chat-completions', [wire(chunks)]);
		}
		return (await foldStream(each())).content.map((one) => (one.type === 'tool-call' ? [one.id, one.name, one.input] : one));
	}

	it('is put in order', async () => {
		const mixed = [
			piece(0, named('a', 'x')),
			piece(1, named('b', 'y')),
			piece(0, {}, '{"p"'),
			piece(1, {}, '{"q":'),
			piece(0, {}, ':1}'),
			piece(1, {}, '2}'),
			end,
		];
		expect(await callsOf(mixed)).toEqual([
			['a', 'x', { p: 1 }],
			['b', 'y', { q: 2 }],
		]);
	});

	it('and gives them no index, or all the same one', async () => {
		const bare = [piece(undefined, named('', 'x'), '{}'), piece(undefined, named('', 'y'), '{"q":2}'), end];
		expect(await callsOf(bare)).toEqual([
			['id_0', 'x', {}],
			['id_1', 'y', { q: 2 }],
		]);
		const same = [piece(0, named('a', 'x'), '{}'), piece(0, named('b', 'y'), '{"q":2}'), end];
		expect(await callsOf(same)).toEqual([
			['a', 'x', {}],
			['b', 'y', { q: 2 }],
		]);
	});
});

describe('a freeform call told as a function', () => {
	it('is plain text again, streamed and whole', async () => {
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
				const tools = new Map([['patch', { name: 'patch', isFreeform: true }]]);
				const reply = restoreReply({ ...EMPTY, content: [{ type: 'tool-call', id: 'c', name: 'patch', input: { input: text } }] }, tools);
				expect(reply.content).toEqual([{ type: 'tool-call', id: 'c', name: 'patch', input: text, isFreeform: true }]);
				const restorer = new CallRestorer(tools);
				async function* each() {
					yield* partsOf({ ...EMPTY, content: [{ type: 'tool-call', id: 'c', name: 'patch', input: { input: text } }] }).flatMap((part) =>
						restorer.take(part),
					);
				}
				expect((await foldStream(each())).content).toEqual(reply.content);
			}),
		);
	});
});

const EMPTY = {
	id: 'r',
	model: 'm',
	content: [],
	finish: 'stop' as const,
	stopSequence: undefined,
	usage: { inputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0, outputTokens: 1 },
};
