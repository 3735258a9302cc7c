import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamPart } from '../../../appliance/protocol/stream.ts';
import { PartChannel } from '../../../appliance/provider/local/part-channel.ts';
import { ReplyWriter } from '../../../appliance/provider/local/reply/reply-writer.ts';
import { TextGate } from '../../../appliance/provider/local/reply/text-gate.ts';
import { TokenText } from '../../../appliance/provider/local/reply/token-text.ts';

const STOP = [{ kind: 'stop', text: 'END' }] as const;

test('however the text is cut, what stands before the stop is released, and nothing after it', () => {
	fc.assert(
		fc.property(fc.string({ unit: fc.constantFrom('E', 'N', 'D', 'a', ' ') }), fc.array(fc.nat(5)), (text, cuts) => {
			const gate = new TextGate(STOP);
			let released = '';
			let hit: string | undefined;
			let at = 0;
			for (const size of [...cuts, text.length]) {
				const out = gate.push(text.slice(at, at + size), 1);
				at += size;
				released += out.text;
				hit = out.hit?.text;
				if (hit !== undefined || at >= text.length) break;
			}
			if (hit === undefined) released += gate.flush().text;
			const end = text.indexOf('END');
			expect(released).toBe(end < 0 ? text : text.slice(0, end));
			expect(hit !== undefined).toBe(end >= 0);
		}),
	);
});

test('each probability goes out with the last character of its token', () => {
	const gate = new TextGate(STOP);
	expect(gate.push('a E', 0.9)).toEqual({ text: 'a ', probabilities: [], hit: undefined });
	expect(gate.push('N', 0.8)).toEqual({ text: '', probabilities: [], hit: undefined });
	expect(gate.push('x', 0.7)).toEqual({ text: 'ENx', probabilities: [0.9, 0.8, 0.7], hit: undefined });
});

test('the earliest pattern wins, with what stands behind it', () => {
	const gate = new TextGate([
		{ kind: 'stop', text: 'two' },
		{ kind: 'mark', text: 'one' },
	] as const);
	expect(gate.push('zero one two', 1)).toMatchObject({ text: 'zero ', hit: { kind: 'mark', offset: 5, rest: ' two' } });
});

/** One token a byte: the worst a tokenizer can do to a character. */
const bytewise = {
	detokenize: (tokens: readonly number[]) => Buffer.from(tokens).toString('utf8'),
};

test('a character is never cut in two, whatever its bytes', () => {
	fc.assert(
		// The replacement character itself looks like a cut one, and is held like one.
		fc.property(
			fc.string({ unit: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((unit) => !unit.includes('\uFFFD')) }),
			(text) => {
				const reader = new TokenText<number>(bytewise, new Map());
				const pieces = [...Buffer.from(text, 'utf8')].map((byte) => reader.push(byte));
				expect(pieces.every((piece) => piece.isWellFormed() && !piece.includes('\uFFFD'))).toBe(true);
				expect(pieces.join('') + reader.flush()).toBe(text);
			},
		),
	);
});

test('bytes that are no text come out in the end, and a shown token comes after what was held', () => {
	const reader = new TokenText<number>(bytewise, new Map([[300, '<mark>']]));
	expect(reader.push(0xf0)).toBe('');
	expect(reader.push(300)).toBe('\uFFFD<mark>');
	expect(reader.flush()).toBe('');
});

test('blocks open and close in order, and a tool call comes whole', () => {
	const parts: StreamPart[] = [];
	const writer = new ReplyWriter(
		(part) => parts.push(part),
		() => 'id-1',
	);
	writer.thinking('hm');
	writer.text('a', [0.5]);
	writer.text('', []);
	writer.toolCall('Read', { path: 'x' }, [0.25]);
	writer.close();
	expect(parts).toEqual([
		{ type: 'thinking-start', index: 0 },
		{ type: 'thinking-delta', index: 0, text: 'hm' },
		{ type: 'thinking-end', index: 0 },
		{ type: 'text-start', index: 1 },
		{ type: 'text-delta', index: 1, text: 'a', probabilities: [0.5] },
		{ type: 'text-end', index: 1 },
		{ type: 'tool-call-start', index: 2, id: 'id-1', name: 'Read' },
		{ type: 'tool-call-delta', index: 2, json: '{"path":"x"}', probabilities: [0.25] },
		{ type: 'tool-call-end', index: 2 },
	]);
});

test('a channel gives its parts in order, then its end or its error, and tells when it is left', async () => {
	let left = 0;
	const part: StreamPart = { type: 'text-start', index: 0 };
	const whole = new PartChannel(() => (left += 1));
	whole.push(part);
	setTimeout(() => whole.end(), 5);
	const seen: StreamPart[] = [];
	for await (const next of whole) seen.push(next);
	expect(seen).toEqual([part]);
	expect(left).toBe(0);

	const failed = new PartChannel(() => (left += 1));
	failed.push(part);
	failed.fail(new Error('gone'));
	failed.end();
	const drain = async (): Promise<void> => {
		for await (const next of failed) expect(next).toEqual(part);
	};
	await expect(drain()).rejects.toThrow('gone');

	const abandoned = new PartChannel(() => (left += 1));
	abandoned.push(part);
	for await (const _part of abandoned) break;
	expect(left).toBe(1);
});
