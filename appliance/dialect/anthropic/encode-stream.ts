/** Messages: writes the parts of an answer as stream events. */

import type { Call } from '../../protocol/call.ts';
import type { StreamEncoder } from '../../protocol/ports.ts';
import { NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { asFunctionInput } from '../freeform.ts';
import { encodeSse } from '../sse.ts';
import { encodeStreamProblem } from './encode-problem.ts';
import { carried, thinkingBlock } from './native.ts';
import { STOP_REASONS, writeUsage } from './wire.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { type: Type }>;

export function createStreamEncoder(_call: Call): StreamEncoder {
	return new Encoder();
}

/**
 * Blocks get indices of their own, since some parts are not written: an empty text (callers that send it back are
 * refused), and thinking without a signature (only its vendor can sign it, and an unsigned one poisons the session).
 */
class Encoder implements StreamEncoder {
	private nextIndex = 0;
	private started: Usage = NO_USAGE;
	private readonly wireIndex = new Map<number, number>();
	private readonly thinking = new Map<number, string>();
	/** Plain text of calls that this wire can only tell as an object: known when it is whole. */
	private readonly freeform = new Map<number, string>();

	encode(part: StreamPart): string {
		switch (part.type) {
			case 'start':
				return this.start(part);
			case 'text-start':
				return '';
			case 'text-delta':
				return this.text(part);
			case 'thinking-start':
				this.thinking.set(part.index, '');
				return event({ type: 'ping' });
			case 'thinking-delta':
				this.thinking.set(part.index, (this.thinking.get(part.index) ?? '') + part.text);
				return '';
			case 'thinking-end':
				return this.endThinking(part);
			case 'tool-call-start':
				return this.startTool(part);
			case 'tool-call-delta':
				return this.input(part);
			case 'text-end':
				return this.close(part.index);
			case 'tool-call-end':
				return this.endTool(part);
			case 'finish':
				return this.finish(part);
			case 'error':
				return encodeStreamProblem(part.problem, '');
		}
	}

	private start({ id, model, usage }: Part<'start'>): string {
		this.started = usage ?? NO_USAGE;
		const message = {
			id,
			type: 'message',
			role: 'assistant',
			model,
			content: [],
			stop_reason: null,
			stop_sequence: null,
			usage: writeUsage({ ...this.started, outputTokens: 0 }),
		};
		return event({ type: 'message_start', message }) + event({ type: 'ping' });
	}

	private text({ index, text }: Part<'text-delta'>): string {
		if (text === '') return '';
		const opening = this.wireIndex.has(index) ? '' : this.open(index, { type: 'text', text: '' });
		return opening + this.delta(index, { type: 'text_delta', text });
	}

	private startTool({ index, id, name, native, isFreeform }: Part<'tool-call-start'>): string {
		if (isFreeform) this.freeform.set(index, '');
		const before = native === undefined ? [] : carried({ id, native });
		return before.map((block) => this.whole(index, block)).join('') + this.open(index, { type: 'tool_use', id, name, input: {} });
	}

	private input({ index, json }: Part<'tool-call-delta'>): string {
		const held = this.freeform.get(index);
		if (held === undefined) return json === '' ? '' : this.delta(index, { type: 'input_json_delta', partial_json: json });
		this.freeform.set(index, held + json);
		return '';
	}

	private endTool({ index }: Part<'tool-call-end'>): string {
		const held = this.freeform.get(index);
		this.freeform.delete(index);
		const whole =
			held === undefined ? '' : this.delta(index, { type: 'input_json_delta', partial_json: JSON.stringify(asFunctionInput(held)) });
		return whole + this.close(index);
	}

	private endThinking({ index, native }: Part<'thinking-end'>): string {
		const text = this.thinking.get(index) ?? '';
		this.thinking.delete(index);
		const block = thinkingBlock(text, native);
		if (block === undefined) return '';
		if (block.type !== 'thinking') return this.whole(index, block);
		return (
			this.open(index, { type: 'thinking', thinking: '', signature: '' }) +
			this.delta(index, { type: 'thinking_delta', thinking: text }) +
			this.delta(index, { type: 'signature_delta', signature: block.signature }) +
			this.close(index)
		);
	}

	/** A block that comes in one piece. */
	private whole(index: number, block: Fields): string {
		return this.open(index, block) + this.close(index);
	}

	private finish({ reason, stopSequence, usage }: Part<'finish'>): string {
		const known = { ...usage, inputTokens: usage.inputTokens ?? this.started.inputTokens };
		const delta = { stop_reason: STOP_REASONS[reason], stop_sequence: stopSequence ?? null };
		return event({ type: 'message_delta', delta, usage: writeUsage(known) }) + event({ type: 'message_stop' });
	}

	private open(index: number, block: Fields): string {
		const wire = this.nextIndex++;
		this.wireIndex.set(index, wire);
		return event({ type: 'content_block_start', index: wire, content_block: block });
	}

	private delta(index: number, delta: Fields): string {
		return event({ type: 'content_block_delta', index: this.wireIndex.get(index), delta });
	}

	private close(index: number): string {
		const wire = this.wireIndex.get(index);
		return wire === undefined ? '' : event({ type: 'content_block_stop', index: wire });
	}
}

function event(value: { readonly type: string } & Fields): string {
	return encodeSse(value.type, JSON.stringify(value));
}
