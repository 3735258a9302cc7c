/** Responses: reads a whole reply; lenient about what it does not know. */

import type { ReplySource } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import { parseArguments } from '../chat-completions/decode-conversation.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { nativeOf, reasoningText } from './native.ts';
import { finishOf, readUsage } from './wire.ts';

export function decodeReply(text: string, source: ReplySource = { vendor: undefined, idPrefix: 'call' }): Reply | Problem {
	const response = parseEvent(text);
	const finish = response === undefined ? undefined : finishOf(response);
	if (response === undefined || finish === undefined || !Array.isArray(response.output)) {
		const error = isFields(response?.error) ? textOf(response.error.message) : undefined;
		return new Problem('upstream-failed', error ?? 'The upstream did not answer with a response that is complete.');
	}
	return {
		id: textOf(response.id) ?? '',
		model: textOf(response.model) ?? '',
		content: response.output.filter(isFields).flatMap((item, index) => readItem(item, index, source)),
		finish,
		stopSequence: undefined,
		usage: readUsage(response.usage),
	};
}

function readItem(item: Fields, index: number, source: ReplySource): ReplyContent[] {
	const { type, content } = item;
	if (type === 'function_call' || type === 'custom_tool_call') return [readCall(item, index, source)];
	if (type === 'reasoning') return readReasoning(item, source);
	if (type !== 'message' || !Array.isArray(content)) return [];
	return content.filter(isFields).flatMap((part): ReplyContent[] => {
		const text = textOf(part.text) ?? textOf(part.refusal) ?? '';
		return text === '' ? [] : [{ type: 'text', text }];
	});
}

function readCall(item: Fields, index: number, source: ReplySource): ReplyContent {
	const id = textOf(item.call_id) || `${source.idPrefix}_${index}`;
	const name = textOf(item.name) ?? '';
	if (item.type === 'custom_tool_call') return { type: 'tool-call', id, name, input: textOf(item.input) ?? '', isFreeform: true };
	return { type: 'tool-call', id, name, input: parseArguments(item.arguments) };
}

/** Reasoning that shows nothing and that its maker does not want back is nothing. */
function readReasoning(item: Fields, source: ReplySource): ReplyContent[] {
	const text = reasoningText(item);
	const native = nativeOf(item, source.vendor);
	return text === '' && native.native === undefined ? [] : [{ type: 'thinking', text, ...native }];
}
