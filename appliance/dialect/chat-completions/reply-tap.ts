/** Chat Completions: hears usage, finish and errors in an upstream's reply, and whether it said its last word. */

import type { ReplySummary, ReplyTap } from '../../protocol/ports.ts';
import { type FinishReason, NO_USAGE, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { createStreamTap, createWholeTap, type EventReader, parseEvent } from '../reply-tap.ts';
import type { SseEvent } from '../sse.ts';
import { finishOf, readUsage } from './wire.ts';

export function createReplyTap(isStream: boolean): ReplyTap {
	return isStream ? createStreamTap(new Reader()) : createWholeTap(readWhole);
}

/** The other chunks carry content alone; their data is not parsed. */
const HEARD = /"finish_reason":\s*"|"usage":\s*\{|"error":/;

class Reader implements EventReader {
	private usage: Usage = NO_USAGE;
	private finish: FinishReason | undefined;
	private isDone = false;
	private hasError = false;

	take({ data }: SseEvent): void {
		if (data === '[DONE]') this.isDone = true;
		else if (HEARD.test(data)) this.takeChunk(parseEvent(data));
	}

	private takeChunk(chunk: Fields | undefined): void {
		if (chunk === undefined) return;
		if (isFields(chunk.usage)) this.usage = readUsage(chunk.usage);
		if (chunk.error !== undefined && chunk.error !== null) this.hasError = true;
		this.finish = firstFinish(chunk) ?? this.finish;
	}

	/** Some upstreams end without `[DONE]`: a finish reason and a clean end are enough. */
	summary(isCut: boolean): ReplySummary {
		const { usage, finish, hasError } = this;
		return { usage, finish, hasError, isComplete: finish !== undefined && (this.isDone || !isCut) };
	}
}

function firstFinish(reply: Fields): FinishReason | undefined {
	const choices: unknown = reply.choices;
	if (!Array.isArray(choices)) return undefined;
	for (const choice of choices) {
		const finish = isFields(choice) ? finishOf(choice.finish_reason) : undefined;
		if (finish !== undefined) return finish;
	}
	return undefined;
}

function readWhole(reply: Fields): ReplySummary {
	const hasError = reply.error !== undefined && reply.error !== null;
	return { usage: readUsage(reply.usage), finish: firstFinish(reply), isComplete: true, hasError };
}
