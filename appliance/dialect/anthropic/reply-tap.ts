/** Messages: hears usage, finish and errors in an upstream's reply, and whether it said its last word. */

import type { ReplySummary, ReplyTap } from '../../protocol/ports.ts';
import { type FinishReason, NO_USAGE, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { createStreamTap, createWholeTap, type EventReader, parseEvent } from '../reply-tap.ts';
import type { SseEvent } from '../sse.ts';
import { finishOf, readUsage } from './wire.ts';

export function createReplyTap(isStream: boolean): ReplyTap {
	return isStream ? createStreamTap(new Reader()) : createWholeTap(readWhole);
}

/** The other events carry content alone; their data is not parsed. */
const HEARD = /"type":\s*"(?:message_start|message_delta|message_stop|error)"/;

class Reader implements EventReader {
	private usage: Usage = NO_USAGE;
	private finish: FinishReason | undefined;
	private isStopped = false;
	private hasError = false;

	take({ event, data }: SseEvent): void {
		if (event === 'content_block_delta' || event === 'ping' || !HEARD.test(data)) return;
		const value = parseEvent(data);
		if (value?.type === 'message_start') this.takeStart(value.message);
		else if (value?.type === 'message_delta') this.takeDelta(value);
		else if (value?.type === 'message_stop') this.isStopped = true;
		else if (value?.type === 'error') this.hasError = true;
	}

	/** The start's output count is only what came with the first token: a stream that is cut has no final one. */
	private takeStart(message: unknown): void {
		if (isFields(message)) this.usage = { ...readUsage(this.usage, message.usage), outputTokens: undefined };
	}

	private takeDelta(value: Fields): void {
		this.usage = readUsage(this.usage, value.usage);
		if (isFields(value.delta)) this.finish = finishOf(value.delta.stop_reason) ?? this.finish;
	}

	summary(): ReplySummary {
		const { usage, finish, hasError } = this;
		return { usage, finish, hasError, isComplete: this.isStopped };
	}
}

function readWhole(reply: Fields): ReplySummary {
	return {
		usage: readUsage(NO_USAGE, reply.usage),
		finish: finishOf(reply.stop_reason),
		isComplete: true,
		hasError: reply.type === 'error',
	};
}
