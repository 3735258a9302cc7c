/** Chat Completions: reads a whole reply's first choice; lenient about what it does not know. */

import { Problem } from '../../protocol/problem.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { parseArguments } from './decode-conversation.ts';
import { finishOf, readUsage } from './wire.ts';

export function decodeReply(text: string): Reply | Problem {
	const reply = parseEvent(text);
	const choice: unknown = Array.isArray(reply?.choices) ? reply.choices[0] : undefined;
	if (reply === undefined || !isFields(choice) || !isFields(choice.message)) {
		return new Problem('upstream-failed', 'The upstream did not answer with a message.');
	}
	return {
		id: textOf(reply.id) ?? '',
		model: textOf(reply.model) ?? '',
		content: readMessage(choice.message),
		finish: finishOf(choice.finish_reason) ?? 'other',
		stopSequence: undefined,
		usage: readUsage(reply.usage),
	};
}

function readMessage(message: Fields): ReplyContent[] {
	const thinking = textOf(message.reasoning_content) ?? '';
	const text = textOf(message.content) ?? textOf(message.refusal) ?? '';
	const calls: readonly unknown[] = Array.isArray(message.tool_calls) ? message.tool_calls : [];
	return [
		...(thinking === '' ? [] : [{ type: 'thinking' as const, text: thinking, signature: undefined }]),
		...(text === '' ? [] : [{ type: 'text' as const, text }]),
		...calls.filter(isFields).map(readCall),
	];
}

function readCall(call: Fields): ReplyContent {
	const named = isFields(call.function) ? call.function : {};
	return { type: 'tool-call', id: textOf(call.id) ?? '', name: textOf(named.name) ?? '', input: parseArguments(named.arguments) };
}
