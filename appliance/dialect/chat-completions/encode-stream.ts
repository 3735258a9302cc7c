/** Chat Completions: writes the parts of an answer as stream chunks. */

import type { Call } from '../../protocol/call.ts';
import type { StreamEncoder } from '../../protocol/ports.ts';
import { NO_USAGE, type StreamPart, type Usage } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { encodeSse } from '../sse.ts';
import { encodeStreamProblem } from './encode-problem.ts';
import { FINISH_REASONS, writeUsage } from './wire.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { type: Type }>;

export function createStreamEncoder(call: Call, wallMs = 0): StreamEncoder {
	return new Encoder(call.isUsageWanted === true, Math.floor(wallMs / 1000));
}

/** Thinking is written under the name that most clients know: the vendor of this dialect has no word for it. */
class Encoder implements StreamEncoder {
	private readonly isUsageWanted: boolean;
	private readonly createdSeconds: number;
	private id = '';
	private model = '';
	private started: Usage = NO_USAGE;
	private readonly tools = new Map<number, { readonly index: number; readonly isFreeform: boolean }>();

	constructor(isUsageWanted: boolean, createdSeconds: number) {
		this.isUsageWanted = isUsageWanted;
		this.createdSeconds = createdSeconds;
	}

	encode(part: StreamPart): string {
		switch (part.type) {
			case 'start':
				return this.start(part);
			case 'text-delta':
				return part.text === '' ? '' : this.delta({ content: part.text });
			case 'thinking-delta':
				return part.text === '' ? '' : this.delta({ reasoning_content: part.text });
			case 'tool-call-start':
				return this.startTool(part);
			case 'tool-call-delta':
				return part.json === '' ? '' : this.input(part);
			case 'finish':
				return this.finish(part);
			case 'error':
				return encodeStreamProblem(part.problem, '');
			default:
				return '';
		}
	}

	private start({ id, model, usage }: Part<'start'>): string {
		this.id = id;
		this.model = model;
		this.started = usage ?? NO_USAGE;
		return this.delta({ role: 'assistant', content: '', refusal: null });
	}

	private startTool({ index, id, name, isFreeform }: Part<'tool-call-start'>): string {
		this.tools.set(index, { index: this.tools.size, isFreeform: isFreeform === true });
		return this.tool(
			index,
			isFreeform ? { id, type: 'custom', custom: { name, input: '' } } : { id, type: 'function', function: { name, arguments: '' } },
		);
	}

	private input({ index, json }: Part<'tool-call-delta'>): string {
		return this.tool(index, this.tools.get(index)?.isFreeform ? { custom: { input: json } } : { function: { arguments: json } });
	}

	private tool(index: number, call: Fields): string {
		return this.delta({ tool_calls: [{ index: this.tools.get(index)?.index, ...call }] });
	}

	private finish({ reason, usage }: Part<'finish'>): string {
		const known = { ...usage, inputTokens: usage.inputTokens ?? this.started.inputTokens };
		const last = this.chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: FINISH_REASONS[reason] }], null);
		const counted = this.isUsageWanted ? this.chunk([], writeUsage(known) ?? null) : '';
		return `${last}${counted}${encodeSse('', '[DONE]')}`;
	}

	private delta(delta: Fields): string {
		return this.chunk([{ index: 0, delta, logprobs: null, finish_reason: null }], null);
	}

	private chunk(choices: readonly Fields[], usage: Fields | null): string {
		const { id, model, createdSeconds: created } = this;
		const chunk = { id, object: 'chat.completion.chunk', created, model, choices };
		return encodeSse('', JSON.stringify(this.isUsageWanted ? { ...chunk, usage } : chunk));
	}
}
