/** Chat Completions: reads stream chunks into the parts of an answer; lenient about what it does not know. */

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

/** Reads the first choice. The wire does not say where a text ends: it ends when something else begins. */
class Decoder implements StreamDecoder {
	private readonly sse = createSseDecoder();
	private isStarted = false;
	private isEnded = false;
	private nextIndex = 0;
	private openText: { readonly kind: 'text' | 'thinking'; readonly index: number } | undefined;
	private readonly tools = new Map<unknown, number>();
	private finish: FinishReason | undefined;
	private usage: Usage = NO_USAGE;

	push(chunk: Uint8Array): readonly StreamPart[] {
		return this.sse.push(chunk).flatMap((event) => this.take(event));
	}

	end(): readonly StreamPart[] {
		const last = this.sse.end();
		return [...(last === undefined ? [] : this.take(last)), ...this.done()];
	}

	private take({ data }: SseEvent): StreamPart[] {
		if (data === '[DONE]') return this.done();
		const chunk = parseEvent(data);
		if (chunk === undefined || this.isEnded) return [];
		if (isFields(chunk.error)) return this.fail(textOf(chunk.error.message) ?? 'The upstream failed inside its stream.');
		if (isFields(chunk.usage)) this.usage = readUsage(chunk.usage);
		const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
		const start = this.start(chunk);
		if (!isFields(choice)) return start;
		this.finish = finishOf(choice.finish_reason) ?? this.finish;
		return [...start, ...(isFields(choice.delta) ? this.delta(choice.delta) : [])];
	}

	private start(chunk: Fields): StreamPart[] {
		if (this.isStarted) return [];
		this.isStarted = true;
		return [{ type: 'start', id: textOf(chunk.id) ?? '', model: textOf(chunk.model) ?? '', usage: undefined }];
	}

	private delta(delta: Fields): StreamPart[] {
		const calls: readonly unknown[] = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
		return [
			...this.text('thinking', textOf(delta.reasoning_content) ?? ''),
			...this.text('text', textOf(delta.content) ?? textOf(delta.refusal) ?? ''),
			...calls.filter(isFields).flatMap((call) => this.tool(call)),
		];
	}

	private text(kind: 'text' | 'thinking', text: string): StreamPart[] {
		if (text === '') return [];
		const parts: StreamPart[] = [];
		if (this.openText?.kind !== kind) {
			parts.push(...this.closeText());
			this.openText = { kind, index: this.nextIndex++ };
			parts.push({ type: `${kind}-start`, index: this.openText.index });
		}
		parts.push({ type: `${kind}-delta`, index: this.openText.index, text });
		return parts;
	}

	private closeText(): StreamPart[] {
		if (this.openText === undefined) return [];
		const { kind, index } = this.openText;
		this.openText = undefined;
		return [kind === 'thinking' ? { type: 'thinking-end', index, signature: undefined } : { type: 'text-end', index }];
	}

	private tool(call: Fields): StreamPart[] {
		const named = isFields(call.function) ? call.function : {};
		const json = textOf(named.arguments) ?? '';
		const parts: StreamPart[] = [];
		let index = this.tools.get(call.index);
		if (index === undefined) {
			index = this.nextIndex++;
			this.tools.set(call.index, index);
			parts.push(...this.closeText(), { type: 'tool-call-start', index, id: textOf(call.id) ?? '', name: textOf(named.name) ?? '' });
		}
		if (json !== '') parts.push({ type: 'tool-call-delta', index, json });
		return parts;
	}

	private done(): StreamPart[] {
		if (this.isEnded) return [];
		this.isEnded = true;
		if (this.finish === undefined) return [{ type: 'error', problem: cutProblem() }];
		const ends = [...this.tools.values()].map((index): StreamPart => ({ type: 'tool-call-end', index }));
		return [...this.closeText(), ...ends, { type: 'finish', reason: this.finish, stopSequence: undefined, usage: this.usage }];
	}

	private fail(message: string): StreamPart[] {
		this.isEnded = true;
		return [{ type: 'error', problem: new Problem('upstream-failed', message) }];
	}
}
