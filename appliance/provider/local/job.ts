/** One call on its way through queue and child, and how long it may still take. */

import type { Content } from '../../protocol/conversation.ts';
import type { LocalRequest } from '../../protocol/ports.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import type { ChildRequest } from './messages.ts';
import type { PartChannel } from './part-channel.ts';
import { estimateMs, type RateTable } from './rates.ts';

/** Replies of inner-loop calls are short whatever cap they carry. */
const USUAL_OUTPUT_TOKENS = 200;

export class Job {
	readonly number: number;
	readonly request: LocalRequest;
	readonly channel: PartChannel;
	startedAtMs: number | undefined;
	/** Known once the child began the reply: then only decoding is left. */
	#isPrefilled = false;
	readonly #promptBytes: number;

	constructor(number: number, request: LocalRequest, channel: PartChannel) {
		this.number = number;
		this.request = request;
		this.channel = channel;
		this.#promptBytes = request.conversation.messages.reduce((sum, { content }) => sum + textLength(content), 0);
	}

	push(part: StreamPart): void {
		if (part.type === 'start') this.#isPrefilled = true;
		this.channel.push(part);
	}

	/** What the child needs of the request: nothing that belongs to this process. */
	childRequest(): ChildRequest {
		const { callId, memberId, affinityKey, conversation, allowedTools, maxOutputTokens } = this.request;
		return { callId, memberId, affinityKey, conversation, allowedTools, maxOutputTokens };
	}

	/** Never less than a tenth of the whole: an estimate that ran out says nothing. */
	remainingMs(rates: RateTable, bytesPerToken: number, nowMs: number): number {
		const promptTokens = this.#isPrefilled ? 0 : this.#promptBytes / bytesPerToken;
		const whole = estimateMs(rates, promptTokens, Math.min(this.request.maxOutputTokens, USUAL_OUTPUT_TOKENS)) ?? 0;
		const elapsed = this.startedAtMs === undefined ? 0 : nowMs - this.startedAtMs;
		return Math.max(whole - elapsed, whole / 10);
	}
}

function textLength(content: readonly Content[]): number {
	return content.reduce((sum, part) => {
		if (part.type === 'text') return sum + part.text.length;
		return part.type === 'tool-result' ? sum + textLength(part.content) : sum;
	}, 0);
}
