/** Messages: reads a whole reply; lenient about what it does not know. */

import type { JsonValue } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { NO_USAGE, type Reply, type ReplyContent } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { nativeOf } from './native.ts';
import { finishOf, readUsage } from './wire.ts';

export function decodeReply(text: string): Reply | Problem {
	const reply = parseEvent(text);
	if (reply === undefined || !Array.isArray(reply.content))
		return new Problem('upstream-failed', 'The upstream did not answer with a message.');
	return {
		id: textOf(reply.id) ?? '',
		model: textOf(reply.model) ?? '',
		content: reply.content.filter(isFields).flatMap(readBlock),
		finish: finishOf(reply.stop_reason) ?? 'other',
		stopSequence: textOf(reply.stop_sequence),
		usage: readUsage(NO_USAGE, reply.usage),
	};
}

function readBlock(block: Fields): ReplyContent[] {
	if (block.type === 'text') return [{ type: 'text', text: textOf(block.text) ?? '' }];
	const native = nativeOf(block);
	if (block.type === 'thinking') return [{ type: 'thinking', text: textOf(block.thinking) ?? '', ...native }];
	if (block.type === 'redacted_thinking') return [{ type: 'thinking', text: '', ...native }];
	if (block.type !== 'tool_use') return [];
	return [{ type: 'tool-call', id: textOf(block.id) ?? '', name: textOf(block.name) ?? '', input: (block.input ?? {}) as JsonValue }];
}
