/** Responses: reads stream events into the parts of an answer; lenient about what it does not know. */

import { Problem } from '../../protocol/problem.ts';
import { type FinishReason, NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { createSseDecoder, type SseEvent } from '../sse.ts';
import { cutProblem, type StreamDecoder } from '../stream-decoder.ts';
import { finishOf, readUsage } from './wire.ts';

export function createStreamDecoder(): StreamDecoder {
	return new Decoder();
}

/** One part of the answer on its way, and how much of its text has come. */
interface Open {
	readonly kind: 'text' | 'thinking' | 'tool-call';
	readonly index: number;
	text: string;
}

/**
 * Parts are told apart by item and, of a message, by its content part. Deltas are an upstream's courtesy: what an item
 * holds at its end and no delta brought is given then.
 */
class Decoder implements StreamDecoder {
	private readonly sse = createSseDecoder();
	private readonly open = new Map<string, Open>();
	private nextIndex = 0;
	private isStarted = false;
	private isEnded = false;

	push(chunk: Uint8Array): readonly StreamPart[] {
		return this.sse.push(chunk).flatMap((event) => this.take(event));
	}

	end(): readonly StreamPart[] {
		const last = this.sse.end();
		const parts = last === undefined ? [] : this.take(last);
		if (this.isEnded) return parts;
		this.isEnded = true;
		return [...parts, { type: 'error', problem: cutProblem() }];
	}

	private take({ data }: SseEvent): StreamPart[] {
		const event = parseEvent(data);
		if (event === undefined || this.isEnded) return [];
		const place = `${event.output_index}`;
		switch (event.type) {
			case 'response.created':
			case 'response.in_progress':
				return this.start(event.response);
			case 'response.output_item.added':
				return this.addItem(place, isFields(event.item) ? event.item : {});
			case 'response.output_text.delta':
			case 'response.refusal.delta':
				return this.delta('text', `${place}/${event.content_index}`, event.delta);
			case 'response.reasoning_summary_part.added':
				return event.summary_index === 0 ? [] : this.delta('thinking', place, '\n\n');
			case 'response.reasoning_summary_text.delta':
			case 'response.reasoning_text.delta':
				return this.delta('thinking', place, event.delta);
			case 'response.function_call_arguments.delta':
				return this.delta('tool-call', place, event.delta);
			case 'response.output_item.done':
				return this.endItem(place, isFields(event.item) ? event.item : {});
			case 'response.completed':
			case 'response.incomplete':
				return this.finish(isFields(event.response) ? event.response : {});
			case 'response.failed':
				return this.fail(isFields(event.response) ? event.response.error : undefined);
			case 'error':
				return this.fail(isFields(event.error) ? event.error : event);
			default:
				return [];
		}
	}

	private start(response: unknown): StreamPart[] {
		if (this.isStarted) return [];
		this.isStarted = true;
		const { id, model } = isFields(response) ? response : {};
		return [{ type: 'start', id: textOf(id) ?? '', model: textOf(model) ?? '', usage: undefined }];
	}

	private addItem(place: string, item: Fields): StreamPart[] {
		if (item.type === 'reasoning') return this.begin('thinking', place);
		return item.type === 'function_call' ? this.beginCall(place, item) : [];
	}

	private begin(kind: 'text' | 'thinking', place: string): StreamPart[] {
		if (this.open.has(place)) return [];
		const index = this.nextIndex++;
		this.open.set(place, { kind, index, text: '' });
		return [{ type: `${kind}-start`, index }];
	}

	private beginCall(place: string, item: Fields): StreamPart[] {
		if (this.open.has(place)) return [];
		const index = this.nextIndex++;
		this.open.set(place, { kind: 'tool-call', index, text: '' });
		return [{ type: 'tool-call-start', index, id: textOf(item.call_id) ?? '', name: textOf(item.name) ?? '' }];
	}

	private delta(kind: Open['kind'], place: string, delta: unknown): StreamPart[] {
		const text = textOf(delta) ?? '';
		if (text === '') return [];
		const opening = kind === 'tool-call' ? [] : this.begin(kind, place);
		const part = this.open.get(place);
		if (part?.kind !== kind) return [];
		part.text += text;
		const { index } = part;
		return [...opening, kind === 'tool-call' ? { type: 'tool-call-delta', index, json: text } : { type: `${kind}-delta`, index, text }];
	}

	private endItem(place: string, item: Fields): StreamPart[] {
		if (item.type === 'message') return this.endMessage(place, item);
		if (item.type === 'reasoning') return [...this.begin('thinking', place), ...this.close(place)];
		if (item.type !== 'function_call') return [];
		return [...this.beginCall(place, item), ...this.rest('tool-call', place, textOf(item.arguments) ?? ''), ...this.close(place)];
	}

	private endMessage(place: string, { content }: Fields): StreamPart[] {
		const parts: readonly unknown[] = Array.isArray(content) ? content : [];
		return parts.flatMap((part, index) => {
			const text = isFields(part) ? (textOf(part.text) ?? textOf(part.refusal) ?? '') : '';
			const own = `${place}/${index}`;
			return [...this.rest('text', own, text), ...this.close(own)];
		});
	}

	/** What the whole has and the deltas did not bring. */
	private rest(kind: Open['kind'], place: string, whole: string): StreamPart[] {
		const brought = this.open.get(place)?.text ?? '';
		return brought === '' ? this.delta(kind, place, whole) : [];
	}

	private close(place: string): StreamPart[] {
		const part = this.open.get(place);
		if (part === undefined) return [];
		this.open.delete(place);
		const { kind, index } = part;
		return [kind === 'thinking' ? { type: 'thinking-end', index, signature: undefined } : { type: `${kind}-end`, index }];
	}

	private finish(response: Fields): StreamPart[] {
		this.isEnded = true;
		const reason: FinishReason = finishOf(response) ?? 'other';
		const usage: Usage = isFields(response.usage) ? readUsage(response.usage) : NO_USAGE;
		const ends = [...this.open.keys()].flatMap((place) => this.close(place));
		return [...this.start(response), ...ends, { type: 'finish', reason, stopSequence: undefined, usage }];
	}

	private fail(error: unknown): StreamPart[] {
		this.isEnded = true;
		const message = isFields(error) ? textOf(error.message) : undefined;
		return [{ type: 'error', problem: new Problem('upstream-failed', message ?? 'The upstream failed inside its stream.') }];
	}
}
