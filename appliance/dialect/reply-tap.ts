/** Listens to an upstream's reply in passing: the frame around what each dialect reads from it. */

import type { ReplySummary, ReplyTap } from '../protocol/ports.ts';
import { NO_USAGE } from '../protocol/stream.ts';
import { type Fields, isFields } from './fields.ts';
import { createSseDecoder, type SseEvent } from './sse.ts';
import { TextPieces } from './text-pieces.ts';

export interface EventReader {
	take(event: SseEvent): void;
	/** `isCut`: the bytes stopped inside an event. */
	summary(isCut: boolean): ReplySummary;
}

/** `eventLimit`: characters over which an event is not heard. */
export function createStreamTap(reader: EventReader, eventLimit?: number): ReplyTap {
	const decoder = createSseDecoder(eventLimit);
	let summary: ReplySummary | undefined;
	return {
		push(chunk) {
			for (const event of decoder.push(chunk)) reader.take(event);
		},
		summary() {
			summary ??= finishStream(reader, decoder.end());
			return summary;
		},
	};
}

/** An upstream may leave out the last empty line; an event that ends in the middle of its data is a cut. */
function finishStream(reader: EventReader, last: SseEvent | undefined): ReplySummary {
	if (last === undefined) return reader.summary(false);
	const isWhole = last.data === '[DONE]' || parseEvent(last.data) !== undefined;
	if (isWhole) reader.take(last);
	return reader.summary(!isWhole);
}

export function parseEvent(data: string): Fields | undefined {
	try {
		const value: unknown = JSON.parse(data);
		return isFields(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** A whole reply over this many bytes is passed on but not kept: its usage stays unknown, which is not zero. */
const REPLY_LIMIT_BYTES = 8 * 1024 * 1024;

/** For replies that are not streams: `read` gets the parsed body. */
export function createWholeTap(read: (reply: Fields) => ReplySummary, limitBytes = REPLY_LIMIT_BYTES): ReplyTap {
	let chunks: Uint8Array[] = [];
	let bytes = 0;
	let lastByte = 0;
	return {
		push(chunk) {
			if (chunk.length === 0) return;
			bytes += chunk.length;
			lastByte = lastPrintable(chunk) ?? lastByte;
			if (bytes <= limitBytes) chunks.push(chunk);
			else chunks = [];
		},
		summary() {
			const unknown = { usage: NO_USAGE, finish: undefined, hasError: false };
			if (bytes > limitBytes) return { ...unknown, isComplete: lastByte === 0x7d };
			const reply = parseEvent(decodeChunks(chunks));
			return reply === undefined ? { ...unknown, isComplete: false } : read(reply);
		},
	};
}

function lastPrintable(chunk: Uint8Array): number | undefined {
	let at = chunk.length - 1;
	while (at >= 0 && (chunk[at] ?? 0) <= 0x20) at -= 1;
	return chunk[at];
}

function decodeChunks(chunks: readonly Uint8Array[]): string {
	const pieces = new TextPieces();
	let text = '';
	for (const chunk of chunks) text += pieces.push(chunk);
	return text + pieces.end();
}

/** A token count of the wire: a whole number from zero, or unknown. */
export function tokenCount(value: unknown): number | undefined {
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
