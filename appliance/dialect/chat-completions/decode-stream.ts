/** Chat Completions: reads stream chunks into the parts of an answer; lenient about what it does not know. */

import type { ReplySource, StreamDecoder } from '../../protocol/ports.ts';
import { type FinishReason, NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { createSseDecoder, type SseEvent } from '../sse.ts';
import { cutProblem } from '../stream-decoder.ts';
import { type Block, BlockOrder } from './block-order.ts';
import { isUnfinished, problemOfEvent, unfinishedProblem } from './decode-problem.ts';
import { callNative, thinkingNative, thinkingOf } from './native.ts';
import { finishOf, finishWithCalls, readUsage } from './wire.ts';

export function createStreamDecoder(source: ReplySource = { vendor: undefined, idPrefix: 'call' }): StreamDecoder {
	return new Decoder(source);
}

interface OpenCall {
	readonly id: string;
	readonly block: Block;
}

/** Reads the first choice. The wire does not say where a text ends: it ends when something else begins. */
class Decoder implements StreamDecoder {
	private readonly source: ReplySource;
	private readonly sse = createSseDecoder();
	private readonly order = new BlockOrder();
	private isStarted = false;
	private isEnded = false;
	private text: Block | undefined;
	/** By the wire's index; some upstreams give none, or the same to all. */
	private readonly calls = new Map<unknown, OpenCall>();
	private callCount = 0;
	private finish: FinishReason | undefined;
	private usage: Usage = NO_USAGE;

	constructor(source: ReplySource) {
		this.source = source;
	}

	push(chunk: Uint8Array): readonly StreamPart[] {
		return this.sse.push(chunk).flatMap((event) => this.take(event));
	}

	end(): readonly StreamPart[] {
		const last = this.sse.end();
		return [...(last === undefined ? [] : this.take(last)), ...this.done()];
	}

	private take({ data }: SseEvent): readonly StreamPart[] {
		if (data === '[DONE]') return this.done();
		const chunk = parseEvent(data);
		if (chunk === undefined || this.isEnded) return [];
		if (isFields(chunk.error)) return this.fail({ type: 'error', problem: problemOfEvent(chunk.error) });
		if (isFields(chunk.usage)) this.usage = readUsage(chunk.usage);
		const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
		const start = this.start(chunk);
		if (!isFields(choice)) return start;
		if (isUnfinished(choice.finish_reason)) return [...start, ...this.fail({ type: 'error', problem: unfinishedProblem() })];
		this.finish = finishOf(choice.finish_reason) ?? this.finish;
		return [...start, ...(isFields(choice.delta) ? this.delta(choice.delta) : [])];
	}

	private start(chunk: Fields): StreamPart[] {
		if (this.isStarted) return [];
		this.isStarted = true;
		return [{ type: 'start', id: textOf(chunk.id) ?? '', model: textOf(chunk.model) ?? '', usage: undefined }];
	}

	private delta(delta: Fields): readonly StreamPart[] {
		const calls: readonly unknown[] = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
		return [
			...this.speak('thinking', thinkingOf(delta)),
			...this.speak('text', textOf(delta.content) ?? textOf(delta.refusal) ?? ''),
			...calls.filter(isFields).flatMap((call) => this.call(call)),
		];
	}

	private speak(kind: 'text' | 'thinking', text: string): readonly StreamPart[] {
		if (text === '') return [];
		const before = this.text?.kind === kind ? [] : this.openText(kind);
		if (this.text === undefined) return before;
		return [...before, ...this.order.add(this.text, { type: `${kind}-delta`, index: this.text.index, text })];
	}

	private openText(kind: 'text' | 'thinking'): readonly StreamPart[] {
		const { block, parts } = this.order.begin(kind, false, (index) => ({
			start: { type: `${kind}-start`, index },
			end: kind === 'text' ? { type: 'text-end', index } : { type: 'thinking-end', index, native: thinkingNative(this.source) },
		}));
		this.text = block;
		return parts;
	}

	private call(call: Fields): readonly StreamPart[] {
		const isFreeform = call.type === 'custom' || isFields(call.custom);
		const held = isFreeform ? call.custom : call.function;
		const named = isFields(held) ? held : {};
		const parts: StreamPart[] = [];
		let open = this.openCall(call, named);
		if (open === undefined) {
			const begun = this.beginCall(call, textOf(named.name) ?? '', isFreeform);
			open = begun.open;
			parts.push(...begun.parts);
		}
		const json = textOf(isFreeform ? named.input : named.arguments) ?? '';
		if (json !== '') parts.push(...this.order.add(open.block, { type: 'tool-call-delta', index: open.block.index, json }));
		return parts;
	}

	/** The call that a piece goes on with; a new name under another id, or under no index at all, begins a new one. */
	private openCall({ index, id }: Fields, named: Fields): OpenCall | undefined {
		const open = this.calls.get(index);
		const hasName = typeof named.name === 'string' && named.name !== '';
		if (open === undefined || !hasName) return open;
		if (typeof index !== 'number') return undefined;
		return typeof id === 'string' && id !== '' && id !== open.id ? undefined : open;
	}

	private beginCall(call: Fields, name: string, isFreeform: boolean): { readonly open: OpenCall; readonly parts: readonly StreamPart[] } {
		const id = textOf(call.id) || `${this.source.idPrefix}_${this.callCount}`;
		this.callCount++;
		this.text = undefined;
		const { block, parts } = this.order.begin('tool-call', isFreeform, (index) => ({
			start: { type: 'tool-call-start', index, id, name, ...(isFreeform ? { isFreeform } : {}), ...callNative(call, this.source) },
			end: { type: 'tool-call-end', index },
		}));
		const open = { id, block };
		this.calls.set(call.index, open);
		return { open, parts };
	}

	private done(): readonly StreamPart[] {
		if (this.isEnded) return [];
		if (this.finish === undefined) return this.fail({ type: 'error', problem: cutProblem() });
		this.isEnded = true;
		const reason = finishWithCalls(this.finish, this.callCount > 0);
		return [...this.order.finish(), { type: 'finish', reason, stopSequence: undefined, usage: this.usage }];
	}

	private fail(part: StreamPart): readonly StreamPart[] {
		this.isEnded = true;
		return [part];
	}
}
