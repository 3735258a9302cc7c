/** Folds the parts of an answer into one whole reply, for callers that did not ask for a stream. */

import type { JsonValue, Native } from './conversation.ts';
import { Problem } from './problem.ts';
import type { FinishReason, Reply, ReplyContent, StreamPart, Usage } from './stream.ts';
import { NO_USAGE } from './stream.ts';

type Open =
	| { readonly type: 'text' | 'thinking'; text: string; native: Native | undefined }
	| {
			readonly type: 'tool-call';
			readonly id: string;
			readonly name: string;
			readonly isFreeform: boolean;
			readonly native: Native | undefined;
			json: string;
	  };

/**
 * Reads to the `finish` part. Throws the Problem of an `error` part, and `local-failed` when the parts end
 * without `finish` or a tool call's input is not JSON: half an answer is never passed off as a whole one.
 */
export async function foldStream(parts: AsyncIterable<StreamPart> | Iterable<StreamPart>): Promise<Reply> {
	const fold = new Fold();
	for await (const part of parts) fold.take(part);
	return fold.reply();
}

class Fold {
	private id = '';
	private model = '';
	private usage: Usage = NO_USAGE;
	private finish: { reason: FinishReason; stopSequence: string | undefined } | undefined;
	private readonly open = new Map<number, Open>();

	take(part: StreamPart): void {
		if (part.type === 'error') throw part.problem;
		if (part.type === 'start') {
			this.id = part.id;
			this.model = part.model;
			this.usage = part.usage ?? NO_USAGE;
		} else if (part.type === 'finish') {
			this.finish = { reason: part.reason, stopSequence: part.stopSequence };
			this.usage = mergeUsage(this.usage, part.usage);
		} else this.takeContent(part);
	}

	private takeContent(part: Exclude<StreamPart, { type: 'start' | 'finish' | 'error' }>): void {
		if (part.type === 'text-start') this.open.set(part.index, { type: 'text', text: '', native: undefined });
		if (part.type === 'thinking-start') this.open.set(part.index, { type: 'thinking', text: '', native: undefined });
		if (part.type === 'tool-call-start') {
			const { id, name, isFreeform = false, native } = part;
			this.open.set(part.index, { type: 'tool-call', id, name, isFreeform, native, json: '' });
		}
		const content = this.open.get(part.index);
		if (content === undefined) throw new Problem('local-failed', `The answer continues part ${part.index}, which it never began.`);
		if (part.type === 'tool-call-delta' && content.type === 'tool-call') content.json += part.json;
		if (part.type === 'thinking-end' && content.type === 'thinking') content.native = part.native;
		if ((part.type === 'text-delta' || part.type === 'thinking-delta') && content.type !== 'tool-call') content.text += part.text;
	}

	reply(): Reply {
		if (this.finish === undefined) throw new Problem('local-failed', 'The answer ended before it was finished.', { isRetryable: true });
		const content = [...this.open.entries()].sort(([a], [b]) => a - b).map(([, open]) => close(open));
		const { reason, stopSequence } = this.finish;
		return { id: this.id, model: this.model, content, finish: reason, stopSequence, usage: this.usage };
	}
}

function close(open: Open): ReplyContent {
	if (open.type === 'text') return { type: 'text', text: open.text };
	const native = open.native === undefined ? {} : { native: open.native };
	if (open.type !== 'tool-call') return { type: 'thinking', text: open.text, ...native };
	const { id, name } = open;
	if (open.isFreeform) return { type: 'tool-call', id, name, input: open.json, isFreeform: true, ...native };
	return { type: 'tool-call', id, name, input: parseInput(open), ...native };
}

function parseInput(open: { readonly name: string; readonly json: string }): JsonValue {
	if (open.json === '') return {};
	try {
		return JSON.parse(open.json) as JsonValue;
	} catch (cause) {
		throw new Problem('local-failed', `The input of the call to ${open.name} is not JSON.`, { isRetryable: true, cause });
	}
}

/** The later figures where they say something, else the earlier ones. */
function mergeUsage(earlier: Usage, later: Usage): Usage {
	return {
		inputTokens: later.inputTokens ?? earlier.inputTokens,
		cacheReadTokens: later.cacheReadTokens ?? earlier.cacheReadTokens,
		cacheWriteTokens: later.cacheWriteTokens ?? earlier.cacheWriteTokens,
		cacheWrite1hTokens: later.cacheWrite1hTokens ?? earlier.cacheWrite1hTokens,
		outputTokens: later.outputTokens ?? earlier.outputTokens,
	};
}
