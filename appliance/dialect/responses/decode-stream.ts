/** Responses: reads stream events into the parts of an answer; lenient about what it does not know. */

import type { ReplySource, StreamDecoder } from '../../protocol/ports.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { createSseDecoder, type SseEvent } from '../sse.ts';
import { cutProblem } from '../stream-decoder.ts';
import { problemOfEvent } from './decode-problem.ts';
import { nativeOf, reasoningText } from './native.ts';
import { finishOf, readUsage } from './wire.ts';

export function createStreamDecoder(source: ReplySource = { vendor: undefined, idPrefix: 'call' }): StreamDecoder {
	return new Decoder(source);
}

type Kind = 'text' | 'thinking' | 'tool-call';

/** One part of the answer on its way. */
interface Open {
	readonly kind: Kind;
	readonly index: number;
	/** Deltas brought some of it. */
	hasText: boolean;
}

/** Which kind of part each delta goes on with. */
const DELTAS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
	['response.output_text.delta', 'text'],
	['response.refusal.delta', 'text'],
	['response.reasoning_summary_text.delta', 'thinking'],
	['response.reasoning_text.delta', 'thinking'],
	['response.function_call_arguments.delta', 'tool-call'],
	['response.custom_tool_call_input.delta', 'tool-call'],
]);

const asFields = (value: unknown): Fields => (isFields(value) ? value : {});

/**
 * Parts are told apart by item and, of a message, by its content part. Deltas are an upstream's courtesy: what an item
 * holds at its end and no delta brought is given then.
 */
class Decoder implements StreamDecoder {
	private readonly source: ReplySource;
	private readonly sse = createSseDecoder();
	private readonly open = new Map<string, Open>();
	private readonly ended = new Set<string>();
	private nextIndex = 0;
	private isStarted = false;
	private isEnded = false;

	constructor(source: ReplySource) {
		this.source = source;
	}

	push(chunk: Uint8Array): readonly StreamPart[] {
		return this.sse.push(chunk).flatMap((event) => this.take(event));
	}

	end(): readonly StreamPart[] {
		const last = this.sse.end();
		const parts = last === undefined ? [] : this.take(last);
		return this.isEnded ? parts : [...parts, ...this.fail({ type: 'error', problem: cutProblem() })];
	}

	private take({ data }: SseEvent): readonly StreamPart[] {
		const event = parseEvent(data);
		if (event === undefined || this.isEnded) return [];
		const item = `${event.output_index}`;
		const kind = DELTAS.get(event.type);
		if (kind !== undefined) return this.delta(kind, kind === 'text' ? `${item}/${event.content_index}` : item, event.delta);
		switch (event.type) {
			case 'response.created':
			case 'response.in_progress':
				return this.start(event.response);
			case 'response.output_item.added':
				return this.beginItem(item, asFields(event.item));
			case 'response.reasoning_summary_part.added':
				return event.summary_index === 0 ? [] : this.delta('thinking', item, '\n\n');
			case 'response.output_item.done':
				return this.endItem(item, asFields(event.item));
			case 'response.completed':
			case 'response.incomplete':
				return this.finish(asFields(event.response));
			case 'response.failed':
				return this.fail({ type: 'error', problem: problemOfEvent(asFields(event.response).error) });
			case 'error':
				return this.fail({ type: 'error', problem: problemOfEvent(isFields(event.error) ? event.error : event) });
			default:
				return [];
		}
	}

	private start(response: unknown): StreamPart[] {
		if (this.isStarted) return [];
		this.isStarted = true;
		const { id, model } = asFields(response);
		return [{ type: 'start', id: textOf(id) ?? '', model: textOf(model) ?? '', usage: undefined }];
	}

	/** Messages begin with their first text. */
	private beginItem(place: string, item: Fields): StreamPart[] {
		if (item.type === 'reasoning') return this.begin('thinking', place);
		return item.type === 'function_call' || item.type === 'custom_tool_call' ? this.beginCall(place, item) : [];
	}

	private begin(kind: 'text' | 'thinking', place: string): StreamPart[] {
		const index = this.place(kind, place);
		return index === undefined ? [] : [{ type: `${kind}-start`, index }];
	}

	private beginCall(place: string, { type, call_id, name }: Fields): StreamPart[] {
		const index = this.place('tool-call', place);
		if (index === undefined) return [];
		const id = textOf(call_id) || `${this.source.idPrefix}_${index}`;
		const freeform = type === 'custom_tool_call' ? { isFreeform: true as const } : {};
		return [{ type: 'tool-call-start', index, id, name: textOf(name) ?? '', ...freeform }];
	}

	/** Undefined where that part has begun already. */
	private place(kind: Kind, place: string): number | undefined {
		if (this.open.has(place) || this.ended.has(place)) return undefined;
		const index = this.nextIndex++;
		this.open.set(place, { kind, index, hasText: false });
		return index;
	}

	private delta(kind: Kind, place: string, delta: unknown): StreamPart[] {
		const text = textOf(delta) ?? '';
		if (text === '') return [];
		const opening = kind === 'tool-call' ? [] : this.begin(kind, place);
		const part = this.open.get(place);
		if (part?.kind !== kind) return [];
		part.hasText = true;
		const { index } = part;
		return [...opening, kind === 'tool-call' ? { type: 'tool-call-delta', index, json: text } : { type: `${kind}-delta`, index, text }];
	}

	private endItem(place: string, item: Fields): StreamPart[] {
		const { type } = item;
		if (type === 'message') return this.endMessage(place, item);
		if (type === 'reasoning') {
			const parts = [...this.begin('thinking', place), ...this.rest('thinking', place, reasoningText(item))];
			return [...parts, ...this.close(place, nativeOf(item, this.source.vendor))];
		}
		if (type !== 'function_call' && type !== 'custom_tool_call') return [];
		const whole = textOf(type === 'function_call' ? item.arguments : item.input) ?? '';
		return [...this.beginCall(place, item), ...this.rest('tool-call', place, whole), ...this.close(place)];
	}

	private endMessage(place: string, { content }: Fields): StreamPart[] {
		const parts: readonly unknown[] = Array.isArray(content) ? content : [];
		return parts.map(asFields).flatMap((part, index) => {
			const own = `${place}/${index}`;
			return [...this.rest('text', own, textOf(part.text) ?? textOf(part.refusal) ?? ''), ...this.close(own)];
		});
	}

	/** The whole, where no delta brought any of it. */
	private rest(kind: Kind, place: string, whole: string): StreamPart[] {
		return this.open.get(place)?.hasText || this.ended.has(place) ? [] : this.delta(kind, place, whole);
	}

	private close(place: string, native: ReturnType<typeof nativeOf> = {}): StreamPart[] {
		const part = this.open.get(place);
		if (part === undefined) return [];
		this.open.delete(place);
		this.ended.add(place);
		const { kind, index } = part;
		return [kind === 'thinking' ? { type: 'thinking-end', index, ...native } : { type: `${kind}-end`, index }];
	}

	private finish(response: Fields): StreamPart[] {
		this.isEnded = true;
		const ends = [...this.open.keys()].flatMap((place) => this.close(place));
		const reason = finishOf(response) ?? 'other';
		return [...this.start(response), ...ends, { type: 'finish', reason, stopSequence: undefined, usage: readUsage(response.usage) }];
	}

	private fail(part: StreamPart): StreamPart[] {
		this.isEnded = true;
		return [part];
	}
}
