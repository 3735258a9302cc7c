/** Messages: reads stream events into the parts of an answer; lenient about what it does not know. */

import type { Native } from '../../protocol/conversation.ts';
import type { StreamDecoder } from '../../protocol/ports.ts';
import { type FinishReason, NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { createSseDecoder, type SseEvent } from '../sse.ts';
import { cutProblem } from '../stream-decoder.ts';
import { problemOfEvent } from './decode-problem.ts';
import { nativeOf } from './native.ts';
import { finishOf, readUsage } from './wire.ts';

type BlockKind = 'text' | 'thinking' | 'tool-call';

const KINDS: ReadonlyMap<unknown, BlockKind> = new Map<unknown, BlockKind>([
	['text', 'text'],
	['thinking', 'thinking'],
	['redacted_thinking', 'thinking'],
	['tool_use', 'tool-call'],
]);

export function createStreamDecoder(): StreamDecoder {
	return new Decoder();
}

class Decoder implements StreamDecoder {
	private readonly sse = createSseDecoder();
	private readonly open = new Map<number, { readonly kind: BlockKind; native: { readonly native?: Native } }>();
	/** Of a tool call: its input, where an upstream sends that at the start and no pieces afterwards. */
	private readonly wholeInputs = new Map<number, string>();
	private usage: Usage = NO_USAGE;
	private finish: FinishReason = 'other';
	private stopSequence: string | undefined;
	private isFinished = false;

	push(chunk: Uint8Array): readonly StreamPart[] {
		return this.sse.push(chunk).flatMap((event) => this.take(event));
	}

	end(): readonly StreamPart[] {
		const last = this.sse.end();
		const parts = last === undefined ? [] : this.take(last);
		return this.isFinished ? parts : [...parts, { type: 'error', problem: cutProblem() }];
	}

	private take({ data }: SseEvent): StreamPart[] {
		const value = parseEvent(data);
		if (value === undefined || this.isFinished) return [];
		const index = typeof value.index === 'number' ? value.index : -1;
		switch (value.type) {
			case 'message_start':
				return this.start(isFields(value.message) ? value.message : {});
			case 'content_block_start':
				return this.openBlock(index, isFields(value.content_block) ? value.content_block : {});
			case 'content_block_delta':
				return this.delta(index, isFields(value.delta) ? value.delta : {});
			case 'content_block_stop':
				return this.close(index);
			case 'message_delta':
				return this.messageDelta(value);
			case 'message_stop':
				return this.stop();
			case 'error':
				return this.fail(value.error);
			default:
				return [];
		}
	}

	private start(message: Fields): StreamPart[] {
		this.usage = readUsage(NO_USAGE, message.usage);
		return [{ type: 'start', id: textOf(message.id) ?? '', model: textOf(message.model) ?? '', usage: this.usage }];
	}

	private openBlock(index: number, block: Fields): StreamPart[] {
		const kind = KINDS.get(block.type);
		if (kind === undefined) return [];
		this.open.set(index, { kind, native: kind === 'thinking' ? nativeOf(block) : {} });
		if (kind !== 'tool-call') return [{ type: `${kind}-start`, index }];
		if (isFields(block.input) && Object.keys(block.input).length > 0) this.wholeInputs.set(index, JSON.stringify(block.input));
		return [{ type: 'tool-call-start', index, id: textOf(block.id) ?? '', name: textOf(block.name) ?? '' }];
	}

	private delta(index: number, delta: Fields): StreamPart[] {
		const block = this.open.get(index);
		if (block?.kind === 'text') return [{ type: 'text-delta', index, text: textOf(delta.text) ?? '' }];
		if (block?.kind === 'tool-call') {
			const json = textOf(delta.partial_json) ?? '';
			if (json !== '') this.wholeInputs.delete(index);
			return [{ type: 'tool-call-delta', index, json }];
		}
		if (block?.kind !== 'thinking') return [];
		if (delta.type === 'signature_delta') block.native = nativeOf(delta);
		return delta.type === 'thinking_delta' ? [{ type: 'thinking-delta', index, text: textOf(delta.thinking) ?? '' }] : [];
	}

	private close(index: number): StreamPart[] {
		const block = this.open.get(index);
		if (block === undefined) return [];
		this.open.delete(index);
		if (block.kind === 'thinking') return [{ type: 'thinking-end', index, ...block.native }];
		const json = this.wholeInputs.get(index);
		if (json !== undefined)
			return [
				{ type: 'tool-call-delta', index, json },
				{ type: 'tool-call-end', index },
			];
		return [{ type: `${block.kind}-end`, index }];
	}

	private messageDelta(value: Fields): StreamPart[] {
		this.usage = readUsage(this.usage, value.usage);
		if (!isFields(value.delta)) return [];
		this.finish = finishOf(value.delta.stop_reason) ?? this.finish;
		this.stopSequence = textOf(value.delta.stop_sequence) ?? this.stopSequence;
		return [];
	}

	private stop(): StreamPart[] {
		this.isFinished = true;
		return [{ type: 'finish', reason: this.finish, stopSequence: this.stopSequence, usage: this.usage }];
	}

	private fail(error: unknown): StreamPart[] {
		this.isFinished = true;
		return [{ type: 'error', problem: problemOfEvent(error) }];
	}
}
