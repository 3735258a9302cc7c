/** Responses: writes the parts of an answer as stream events. */

import type { Call } from '../../protocol/call.ts';
import type { StreamEncoder } from '../../protocol/ports.ts';
import { NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { encodeSse } from '../sse.ts';
import { encodeStreamProblem } from './encode-problem.ts';
import { callItem, type ItemStatus, itemId, messageItem, statusOf, textPart } from './output-items.ts';
import { beganResponse, endedResponse, headOf, type ResponseHead } from './response-object.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { type: Type }>;

export function createStreamEncoder(call: Call, wallMs = 0): StreamEncoder {
	return new Encoder(call, wallMs);
}

/** An item on its way: what is written of it so far, and the item that it comes to. */
interface OpenItem {
	readonly id: string;
	readonly outputIndex: number;
	written: string;
	item(status: ItemStatus): Fields;
	/** The events that end what was written. */
	ends(): readonly Fields[];
}

/**
 * Items get indices of their own, since some parts are not written. The end of an item is held back until the next
 * part: how the last one ended (`incomplete`, where the cap cut it) is known only at the answer's end.
 */
class Encoder implements StreamEncoder {
	private readonly call: Call;
	private readonly wallMs: number;
	private head: ResponseHead;
	private sequenceNumber = 0;
	private outputCount = 0;
	private started: Usage = NO_USAGE;
	private readonly open = new Map<number, OpenItem>();
	private readonly ended: OpenItem[] = [];
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
			case 'tool-call-start':
				return this.startCall(part);
			case 'tool-call-delta':
				return this.callDelta(part);
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

	private text({ index, text }: Part<'text-delta'>): string {
		if (text === '') return '';
		const opening = this.open.has(index) ? '' : this.openText(index);
		const item = this.open.get(index);
		if (item === undefined) return opening;
		item.written += text;
		return opening + this.event('response.output_text.delta', { ...placeOf(item), content_index: 0, delta: text, logprobs: [] });
	}

	private openText(index: number): string {
		const place = this.place('msg');
		const item: OpenItem = {
			...place,
			written: '',
			item: (status) => messageItem(place.id, item.written, status),
			ends: () => [
				{ type: 'response.output_text.done', text: item.written, logprobs: [], content_index: 0 },
				{ type: 'response.content_part.done', part: textPart(item.written), content_index: 0 },
			],
		};
		const added = this.add(index, item, messageItem(item.id, undefined, 'in_progress'));
		return added + this.event('response.content_part.added', { ...placeOf(item), content_index: 0, part: textPart('') });
	}

	private startCall({ index, id, name }: Part<'tool-call-start'>): string {
		const place = this.place('fc');
		const item: OpenItem = {
			...place,
			written: '',
			item: (status) => callItem(place.id, { id, name, input: item.written }, status),
			ends: () => [{ type: 'response.function_call_arguments.done', name, arguments: item.written }],
		};
		return this.add(index, item, item.item('in_progress'));
	}

	private callDelta({ index, json }: Part<'tool-call-delta'>): string {
		const item = this.open.get(index);
		if (item === undefined || json === '') return '';
		item.written += json;
		return this.event('response.function_call_arguments.delta', { ...placeOf(item), delta: json });
	}

	private place(prefix: 'msg' | 'fc') {
		const outputIndex = this.outputCount++;
		return { id: itemId(prefix, this.head.id, outputIndex), outputIndex };
	}

	private add(index: number, item: OpenItem, opening: Fields): string {
		const before = this.endHeld('completed');
		this.open.set(index, item);
		return before + this.event('response.output_item.added', { output_index: item.outputIndex, item: opening });
	}

	private endItem(index: number): string {
		const item = this.open.get(index);
		if (item === undefined) return '';
		const before = this.endHeld('completed');
		this.open.delete(index);
		this.ended.push(item);
		return before + this.ends(item);
	}

	private ends(item: OpenItem): string {
		return item
			.ends()
			.map(({ type, ...fields }) => this.event(String(type), { ...placeOf(item), ...fields }))
			.join('');
	}

	private endHeld(status: ItemStatus): string {
		return this.ended
			.splice(0)
			.map((held) => this.done(held, status))
			.join('');
	}

	private done(held: OpenItem, status: ItemStatus): string {
		const item = held.item(status);
		this.output[held.outputIndex] = item;
		return this.event('response.output_item.done', { output_index: held.outputIndex, item });
	}

	private finish({ reason, usage }: Part<'finish'>): string {
		const known = { ...usage, inputTokens: usage.inputTokens ?? this.started.inputTokens };
		const status = statusOf(reason);
		const unended = [...this.open.keys()].map((index) => this.endItem(index)).join('');
		const ends = unended + this.endHeld(status);
		const response = endedResponse(this.head, this.output, reason, known);
		return ends + this.event(`response.${status}`, { response });
	}

	private event(type: string, fields: Fields): string {
		return encodeSse(type, JSON.stringify({ type, sequence_number: this.sequenceNumber++, ...fields }));
	}
}

const placeOf = ({ id, outputIndex }: OpenItem): Fields => ({ item_id: id, output_index: outputIndex });
