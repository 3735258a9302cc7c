/** Answers as an engine gives them, for the encoders' tests. */

import fc from 'fast-check';
import type { JsonValue, Native } from '../../../appliance/protocol/conversation.ts';
import type { FinishReason, Reply, ReplyContent, StreamPart } from '../../../appliance/protocol/stream.ts';

/** The parts that a reply would have come in, its texts and inputs cut into pieces. */
export function partsOf(reply: Reply, pieceLength = 5): StreamPart[] {
	const { id, model, usage, finish: reason, stopSequence } = reply;
	const content = reply.content.flatMap((one, index) => contentParts(one, index, pieceLength));
	return [{ type: 'start', id, model, usage: undefined }, ...content, { type: 'finish', reason, stopSequence, usage }];
}

function contentParts(content: ReplyContent, index: number, length: number): StreamPart[] {
	if (content.type === 'tool-call') {
		const { id, name, input, isFreeform } = content;
		const wire = isFreeform ? String(input) : JSON.stringify(input);
		const deltas = pieces(wire, length).map((json): StreamPart => ({ type: 'tool-call-delta', index, json }));
		const freeform = isFreeform ? { isFreeform } : {};
		return [{ type: 'tool-call-start', index, id, name, ...freeform }, ...deltas, { type: 'tool-call-end', index }];
	}
	const { type, text } = content;
	const deltas = pieces(text, length).map((piece): StreamPart => ({ type: `${type}-delta`, index, text: piece }));
	const end: StreamPart = content.type === 'thinking' ? { type: 'thinking-end', index, ...nativeOf(content) } : { type: 'text-end', index };
	return [{ type: `${type}-start`, index }, ...deltas, end];
}

const nativeOf = ({ native }: { readonly native?: Native }) => (native === undefined ? {} : { native });

function pieces(text: string, length: number): string[] {
	return Array.from({ length: Math.ceil(text.length / length) }, (_, index) => text.slice(index * length, (index + 1) * length));
}

const text = fc.string({ minLength: 1, unit: 'grapheme' });
const count = fc.nat(100_000);
const input = fc.dictionary(fc.string(), fc.jsonValue()).map((value): JsonValue => JSON.parse(JSON.stringify(value)));
const toolCall = fc
	.record({ id: fc.uuid(), name: fc.constantFrom('Read', 'Bash'), input })
	.map((call): ReplyContent => ({ type: 'tool-call', ...call }));
const spoken = text.map((value): ReplyContent => ({ type: 'text', text: value }));
const signed = fc.record({ text, signature: text }).map(
	(thinking): ReplyContent => ({
		type: 'thinking',
		text: thinking.text,
		native: { dialect: 'anthropic', value: { signature: thinking.signature } },
	}),
);

function reply(content: fc.Arbitrary<readonly ReplyContent[]>, finish: fc.Arbitrary<FinishReason>): fc.Arbitrary<Reply> {
	const usage = fc.record({
		inputTokens: count,
		cacheReadTokens: count,
		cacheWriteTokens: count,
		cacheWrite1hTokens: count,
		outputTokens: count,
	});
	return fc.record({ id: fc.uuid(), model: text, content, finish, stopSequence: fc.constant(undefined), usage });
}

/** Any order of texts, signed thinking and tool calls. */
export const anyReply = reply(
	fc.array(fc.oneof(spoken, toolCall, signed), { maxLength: 6 }),
	fc.constantFrom<FinishReason>('stop', 'stop-sequence', 'length', 'tool-calls', 'refusal'),
);

/** What Chat Completions has words for: one text, then tool calls; no cache writes. */
export const chatReply = reply(
	fc
		.tuple(fc.option(spoken, { nil: undefined }), fc.array(toolCall, { maxLength: 3 }))
		.map(([first, calls]) => (first === undefined ? calls : [first, ...calls])),
	fc.constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'refusal'),
).map((one) => ({
	...one,
	// A plain stop behind tool calls is read as what it must mean.
	finish: one.finish === 'stop' && one.content.some(({ type }) => type === 'tool-call') ? ('tool-calls' as const) : one.finish,
	usage: { ...one.usage, cacheWriteTokens: 0, cacheWrite1hTokens: 0 },
}));

const freeformCall = fc
	.record({ id: fc.uuid(), name: fc.constant('apply_patch'), input: text })
	.map((call): ReplyContent => ({ type: 'tool-call', isFreeform: true, ...call }));
const encrypted = fc.record({ id: fc.uuid(), text, encrypted: text }).map(
	(one): ReplyContent => ({
		type: 'thinking',
		text: one.text,
		native: {
			dialect: 'responses',
			value: { id: one.id, type: 'reasoning', summary: [{ type: 'summary_text', text: one.text }], encrypted_content: one.encrypted },
		},
	}),
);

/** What Responses has words for: that tools were called is said by the calls alone. */
export const responsesReply = reply(
	fc.array(fc.oneof(spoken, toolCall, freeformCall, encrypted, signed), { minLength: 1, maxLength: 6 }),
	fc.constantFrom<FinishReason>('stop', 'length', 'refusal'),
).map((one) =>
	one.finish === 'stop' && one.content.some(({ type }) => type === 'tool-call') ? { ...one, finish: 'tool-calls' as const } : one,
);

export const EXAMPLE: Reply = {
	id: 'msg_local_1',
	model: 'gemma-4-e2b',
	content: [
		{ type: 'text', text: 'Grüße 😀, I read it.' },
		{ type: 'tool-call', id: 'toolu_1', name: 'Read', input: { file_path: 'größe.ts', limit: 10 } },
		{ type: 'tool-call', id: 'toolu_2', name: 'Glob', input: {} },
	],
	finish: 'tool-calls',
	stopSequence: undefined,
	usage: { inputTokens: 100, cacheReadTokens: 900, cacheWriteTokens: 0, cacheWrite1hTokens: 0, outputTokens: 42 },
};
