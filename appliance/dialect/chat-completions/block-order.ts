/** Chat Completions: its wire may mix the pieces of several tool calls; this lets out one block after the other, whole and in order. */

import type { StreamPart } from '../../protocol/stream.ts';

export interface Block {
	readonly index: number;
	readonly kind: 'text' | 'thinking' | 'tool-call';
	readonly isFreeform: boolean;
	/** Of a tool call: what of its input came so far. */
	json: string;
	/** The part that closes it. */
	end: StreamPart;
	/** Held back while an earlier block is still open; undefined once it is let out as it comes. */
	held: StreamPart[] | undefined;
}

/**
 * The first open block goes out piece by piece. A text is over as soon as something else begins, a tool call once its
 * input is whole JSON; at the end of the stream whatever is left goes out as it is.
 */
export class BlockOrder {
	private readonly queue: Block[] = [];
	private nextIndex = 0;

	/** `partsOf` gets the block's number and gives the parts that open and close it. */
	begin(
		kind: Block['kind'],
		isFreeform: boolean,
		partsOf: (index: number) => { readonly start: StreamPart; readonly end: StreamPart },
	): { readonly block: Block; readonly parts: readonly StreamPart[] } {
		const index = this.nextIndex++;
		const { start, end } = partsOf(index);
		const block: Block = { index, kind, isFreeform, json: '', end, held: [start] };
		this.queue.push(block);
		return { block, parts: this.advance(false) };
	}

	add(block: Block, part: StreamPart): readonly StreamPart[] {
		if (part.type === 'tool-call-delta') block.json += part.json;
		if (block.held === undefined) return [part, ...this.advance(false)];
		block.held.push(part);
		return this.advance(false);
	}

	/** Everything that is left. */
	finish(): readonly StreamPart[] {
		return this.advance(true);
	}

	private advance(isLast: boolean): StreamPart[] {
		const parts: StreamPart[] = [];
		for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
			if (head.held !== undefined) parts.push(...head.held);
			head.held = undefined;
			if (!isLast && (this.queue.length === 1 || !isWhole(head))) break;
			parts.push(head.end);
			this.queue.shift();
		}
		return parts;
	}
}

function isWhole({ kind, isFreeform, json }: Block): boolean {
	if (kind !== 'tool-call' || isFreeform) return true;
	try {
		JSON.parse(json);
		return true;
	} catch {
		return false;
	}
}
