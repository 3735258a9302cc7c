/** Writes the parts of one reply in order: opens and closes blocks, and releases tool calls whole. */

import type { JsonValue } from '../../../protocol/conversation.ts';
import type { StreamPart } from '../../../protocol/stream.ts';

export class ReplyWriter {
	readonly #emit: (part: StreamPart) => void;
	readonly #newId: () => string;
	#index = -1;
	#open: 'text' | 'thinking' | undefined;
	#hasCalls = false;

	constructor(emit: (part: StreamPart) => void, newId: () => string) {
		this.#emit = emit;
		this.#newId = newId;
	}

	get hasCalls(): boolean {
		return this.#hasCalls;
	}

	text(text: string, probabilities: readonly number[]): void {
		if (text === '') return;
		this.#openBlock('text');
		this.#emit({ type: 'text-delta', index: this.#index, text, probabilities });
	}

	thinking(text: string): void {
		if (text === '') return;
		this.#openBlock('thinking');
		this.#emit({ type: 'thinking-delta', index: this.#index, text });
	}

	toolCall(name: string, input: JsonValue, probabilities: readonly number[]): void {
		this.close();
		this.#hasCalls = true;
		this.#index += 1;
		const index = this.#index;
		this.#emit({ type: 'tool-call-start', index, id: this.#newId(), name });
		this.#emit({ type: 'tool-call-delta', index, json: JSON.stringify(input), probabilities });
		this.#emit({ type: 'tool-call-end', index });
	}

	/** Ends the open block, if there is one. */
	close(): void {
		if (this.#open === 'text') this.#emit({ type: 'text-end', index: this.#index });
		if (this.#open === 'thinking') this.#emit({ type: 'thinking-end', index: this.#index });
		this.#open = undefined;
	}

	#openBlock(kind: 'text' | 'thinking'): void {
		if (this.#open === kind) return;
		this.close();
		this.#index += 1;
		this.#open = kind;
		this.#emit(kind === 'text' ? { type: 'text-start', index: this.#index } : { type: 'thinking-start', index: this.#index });
	}
}
