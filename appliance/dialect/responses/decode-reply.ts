/** Responses: reads a whole reply; lenient about what it does not know. */

import { Problem } from '../../protocol/problem.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import { parseArguments } from '../chat-completions/decode-conversation.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { finishOf, readUsage } from './wire.ts';

export function decodeReply(text: string): Reply | Problem {
	const response = parseEvent(text);
	const finish = response === undefined ? undefined : finishOf(response);
	if (response === undefined || finish === undefined || !Array.isArray(response.output)) {
		const error = isFields(response?.error) ? textOf(response.error.message) : undefined;
		return new Problem('upstream-failed', error ?? 'The upstream did not answer with a response that is complete.');
	}
	return {
		id: textOf(response.id) ?? '',
		model: textOf(response.model) ?? '',
		content: response.output.filter(isFields).flatMap(readItem),
		finish,
		stopSequence: undefined,
		usage: readUsage(response.usage),
	};
}

function readItem(item: Fields): ReplyContent[] {
	const { type, content } = item;
	if (type === 'function_call') {
		return [{ type: 'tool-call', id: textOf(item.call_id) ?? '', name: textOf(item.name) ?? '', input: parseArguments(item.arguments) }];
	}
	if (type !== 'message' || !Array.isArray(content)) return [];
	return content.filter(isFields).flatMap((part): ReplyContent[] => {
		const text = textOf(part.text) ?? textOf(part.refusal) ?? '';
		return text === '' ? [] : [{ type: 'text', text }];
	});
}
