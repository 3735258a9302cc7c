/** Responses: hears usage, finish and errors in an upstream's reply, and whether it said its last word. */

import type { ReplySummary, ReplyTap } from '../../protocol/ports.ts';
import { type FinishReason, NO_USAGE, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { createStreamTap, createWholeTap, type EventReader, parseEvent } from '../reply-tap.ts';
import type { SseEvent } from '../sse.ts';
import { finishOf, readUsage } from './wire.ts';

/** The last event repeats the whole answer, and the tools and instructions of the call. */
const LAST_EVENT_CHARACTERS = 8 * 1024 * 1024;

export function createReplyTap(isStream: boolean): ReplyTap {
	return isStream ? createStreamTap(new Reader(), LAST_EVENT_CHARACTERS) : createWholeTap(readWhole);
}

/** The events that end a response. All others carry content alone; their data is not parsed. */
const LAST_EVENTS = ['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled', 'error'];
const HEARD = /"type":\s*"(?:response\.(?:completed|incomplete|failed|cancelled)|error)"/;

class Reader implements EventReader {
	private usage: Usage = NO_USAGE;
	private finish: FinishReason | undefined;
	private isEnded = false;
	private hasError = false;

	take({ event, data }: SseEvent): void {
		if (event === '' ? !HEARD.test(data) : !LAST_EVENTS.includes(event)) return;
		// An event that was too long to be heard still says by its name that the answer ended.
		if (data === '') this.isEnded = event !== 'error';
		const value = parseEvent(data);
		if (value === undefined) return;
		if (value.type === 'error' || isFields(value.error)) this.hasError = true;
		if (isFields(value.response)) this.takeResponse(value.response);
	}

	private takeResponse(response: Fields): void {
		const { usage, finish, hasError } = readWhole(response);
		this.usage = usage;
		this.finish = finish;
		this.isEnded = true;
		this.hasError ||= hasError;
	}

	summary(): ReplySummary {
		const { usage, finish, hasError } = this;
		return { usage, finish, hasError, isComplete: this.isEnded };
	}
}

/** A response that was handed in to run in the background has neither finished nor failed: its usage is not known yet. */
function readWhole(response: Fields): ReplySummary {
	const { status } = response;
	const hasError = isFields(response.error) || status === 'failed' || status === 'cancelled';
	return { usage: readUsage(response.usage), finish: finishOf(response), isComplete: true, hasError };
}
