/** Chat Completions: reads a whole reply's first choice; lenient about what it does not know. */

import type { ReplySource } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { parseArguments } from './decode-conversation.ts';
import { isUnfinished, unfinishedProblem } from './decode-problem.ts';
import { callNative, thinkingNative, thinkingOf } from './native.ts';
import { finishOf, finishWithCalls, readUsage } from './wire.ts';

export function decodeReply(text: string, source: ReplySource = { vendor: undefined, idPrefix: 'call' }): Reply | Problem {
	const reply = parseEvent(text);
	const choice: unknown = Array.isArray(reply?.choices) ? reply.choices[0] : undefined;
	if (reply === undefined || !isFields(choice) || !isFields(choice.message)) {
		return new Problem('upstream-failed', 'The upstream did not answer with a message.', { isRetryable: true });
	}
	if (isUnfinished(choice.finish_reason)) return unfinishedProblem();
	const content = readMessage(choice.message, source);
	const hasCalls = content.some(({ type }) => type === 'tool-call');
	return {
		id: textOf(reply.id) ?? '',
		model: textOf(reply.model) ?? '',
		content,
		finish: finishWithCalls(finishOf(choice.finish_reason) ?? 'other', hasCalls),
		stopSequence: undefined,
		usage: readUsage(reply.usage),
	};
}

function readMessage(message: Fields, source: ReplySource): ReplyContent[] {
	const thinking = thinkingOf(message);
	const text = textOf(message.content) ?? textOf(message.refusal) ?? '';
	const calls: readonly unknown[] = Array.isArray(message.tool_calls) ? message.tool_calls : [];
	return [
		...(thinking === '' ? [] : [{ type: 'thinking' as const, text: thinking, native: thinkingNative(source) }]),
		...(text === '' ? [] : [{ type: 'text' as const, text }]),
		...calls.filter(isFields).map((call, index) => readCall(call, index, source)),
	];
}

function readCall(call: Fields, index: number, source: ReplySource): ReplyContent {
	const id = textOf(call.id) || `${source.idPrefix}_${index}`;
	const native = callNative(call, source);
	if (isFields(call.custom)) {
		const { name, input } = call.custom;
		return { type: 'tool-call', id, name: textOf(name) ?? '', input: textOf(input) ?? '', isFreeform: true, ...native };
	}
	const named = isFields(call.function) ? call.function : {};
	return { type: 'tool-call', id, name: textOf(named.name) ?? '', input: parseArguments(named.arguments), ...native };
}
