/** Responses: writes the parts of an answer as stream events. */

import type { Call } from '../../protocol/call.ts';
import type { StreamEncoder } from '../../protocol/ports.ts';
import { NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { encodeSse } from '../sse.ts';
import { encodeStreamProblem } from './encode-problem.ts';
import { carriedItem, reasoningItem } from './native.ts';
import { callPrefix, type IdPrefix, type ItemStatus, itemId, statusOf } from './output-items.ts';
import { beganResponse, endedResponse, headOf, type ResponseHead } from './response-object.ts';
import { callEvents, type ItemEvents, messageEvents, summaryEvents } from './stream-items.ts';
import { shapeOf } from './tool-shapes.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { type: Type }>;

export function createStreamEncoder(call: Call, wallMs = 0): StreamEncoder {
	return new Encoder(call, wallMs);
}

/** An item on its way: what is written of it so far, and the events that it comes in. */
interface OpenItem {
	readonly id: string;
	readonly outputIndex: number;
	readonly events: ItemEvents;
	written: string;
}

/**
 * Items get indices of their own, since some parts are not written. The last word on an item is held back until the
 * next part: how the last item ended (`incomplete`, where the cap cut it) is known only at the answer's end.
 */
class Encoder implements StreamEncoder {
	private readonly call: Call;
	private readonly wallMs: number;
	private head: ResponseHead;
	private sequenceNumber = 0;
	private outputCount = 0;
	private started: Usage = NO_USAGE;
	private readonly open = new Map<number, OpenItem>();
	private readonly thinking = new Map<number, string>();
	private ended: OpenItem[] = [];
	private readonly output: Fields[] = [];

	constructor(call: Call, wallMs: number) {
		this.call = call;
		this.wallMs = wallMs;
		this.head = headOf('', '', call, wallMs);
	}

	encode(part: StreamPart): string {
		switch (part.type) {
			case 'start':
				return this.start(part);
			case 'text-delta':
				return this.text(part);
			case 'thinking-delta':
				this.thinking.set(part.index, (this.thinking.get(part.index) ?? '') + part.text);
				return '';
			case 'thinking-end':
				return this.endThinking(part);
			case 'tool-call-start':
				return this.startCall(part);
			case 'tool-call-delta':
				return this.delta(part.index, part.json);
			case 'text-end':
			case 'tool-call-end':
				return this.endItem(part.index);
			case 'finish':
				return this.finish(part);
			case 'error':
				return encodeStreamProblem(part.problem, '', { id: this.head.id, sequenceNumber: this.sequenceNumber });
			default:
				return '';
		}
	}

	private start({ id, model, usage }: Part<'start'>): string {
		this.started = usage ?? NO_USAGE;
		this.head = headOf(id, model, this.call, this.wallMs);
		const response = beganResponse(this.head);
		return this.event('response.created', { response }) + this.event('response.in_progress', { response });
	}

	/** An item begins with its first text: an empty one is never written. */
	private text({ index, text }: Part<'text-delta'>): string {
		if (text === '') return '';
		return (this.open.has(index) ? '' : this.begin(index, 'msg', messageEvents)) + this.delta(index, text);
	}

	private startCall({ index, id, name, isFreeform, native }: Part<'tool-call-start'>): string {
		const call = { id, name, isFreeform: isFreeform === true, shape: shapeOf(this.call.toolShapes, name) };
		const carried = native === undefined ? '' : this.whole((itemId) => carriedItem(itemId, id, native));
		return carried + this.begin(index, callPrefix(call), callEvents(call));
	}

	/** Whether it can be written at all is known only at its end. */
	private endThinking({ index, native }: Part<'thinking-end'>): string {
		const text = this.thinking.get(index) ?? '';
		this.thinking.delete(index);
		return this.whole((id) => reasoningItem(id, text, native));
	}

	/** A reasoning item that comes in one piece, its summary in one delta a part. */
	private whole(make: (id: string) => Fields | undefined): string {
		const outputIndex = this.outputCount;
		const item = make(itemId('rs', this.head.id, outputIndex));
		if (item === undefined) return '';
		this.outputCount++;
		const before = this.endHeld('completed');
		const added = this.event('response.output_item.added', { output_index: outputIndex, item: { ...item, summary: [] } });
		const summary = summaryEvents(item).map(([type, fields]) =>
			this.event(type, { item_id: item.id, output_index: outputIndex, ...fields }),
		);
		this.output[outputIndex] = item;
		return before + added + summary.join('') + this.event('response.output_item.done', { output_index: outputIndex, item });
	}

	private begin(index: number, prefix: IdPrefix, events: ItemEvents): string {
		const before = this.endHeld('completed');
		const outputIndex = this.outputCount++;
		const item: OpenItem = { id: itemId(prefix, this.head.id, outputIndex), outputIndex, events, written: '' };
		this.open.set(index, item);
		const added = this.event('response.output_item.added', { output_index: outputIndex, item: events.opening(item.id) });
		return before + added + this.eventsOf(item, events.begins);
	}

	private delta(index: number, delta: string): string {
		const item = this.open.get(index);
		if (item === undefined || delta === '') return '';
		item.written += delta;
		const event = item.events.delta(delta);
		return event === undefined ? '' : this.eventsOf(item, [event]);
	}

	private endItem(index: number): string {
		const item = this.open.get(index);
		if (item === undefined) return '';
		const before = this.endHeld('completed');
		this.open.delete(index);
		this.ended.push(item);
		return before + this.eventsOf(item, item.events.ends(item.written));
	}

	private endHeld(status: ItemStatus): string {
		const held = this.ended;
		this.ended = [];
		return held.map((item) => this.done(item, status)).join('');
	}

	private done({ id, outputIndex, events, written }: OpenItem, status: ItemStatus): string {
		const item = events.item(id, written, status);
		this.output[outputIndex] = item;
		return this.event('response.output_item.done', { output_index: outputIndex, item });
	}

	private finish({ reason, usage }: Part<'finish'>): string {
		const known = { ...usage, inputTokens: usage.inputTokens ?? this.started.inputTokens };
		const status = statusOf(reason);
		const unended = [...this.open.keys()].map((index) => this.endItem(index)).join('');
		const ends = unended + this.endHeld(status);
		return ends + this.event(`response.${status}`, { response: endedResponse(this.head, this.output, reason, known) });
	}

	private eventsOf({ id, outputIndex }: OpenItem, events: readonly (readonly [string, Fields])[]): string {
		return events.map(([type, fields]) => this.event(type, { item_id: id, output_index: outputIndex, ...fields })).join('');
	}

	private event(type: string, fields: Fields): string {
		return encodeSse(type, JSON.stringify({ type, sequence_number: this.sequenceNumber++, ...fields }));
	}
}
