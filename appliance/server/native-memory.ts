/** Keeps what only its maker can read of replies whose caller's dialect has no opaque field to carry it, by the ids of their tool calls. */

import type { Content, Conversation, Message, Native } from '../protocol/conversation.ts';
import type { Key } from '../protocol/member.ts';
import type { ReplyContent, StreamPart } from '../protocol/stream.ts';

interface Kept {
	readonly thinking: readonly Extract<Content, { type: 'thinking' }>[];
	readonly calls: ReadonlyMap<string, Native>;
	readonly bytes: number;
}

/** An hour of a busy team's tool loops; a signature has a few kilobytes. */
const DEFAULT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Vendors ask for it only inside a tool loop, and every caller sends the ids of its tool calls back: so the id of a
 * turn's first call is where its reasoning is found again. What is used least recently is forgotten first.
 */
export class NativeMemory {
	private readonly limitBytes: number;
	private readonly turns = new Map<string, Kept>();
	private bytes = 0;

	constructor(limitBytes: number = DEFAULT_LIMIT_BYTES) {
		this.limitBytes = limitBytes;
	}

	get size(): number {
		return this.turns.size;
	}

	keep(key: Key, content: readonly ReplyContent[]): void {
		const calls = content.filter((one) => one.type === 'tool-call');
		const [first] = calls;
		const thinking = content.filter((one) => one.type === 'thinking' && one.native !== undefined) as Kept['thinking'];
		const natives = calls.flatMap(({ id, native }) => (native === undefined ? [] : [[id, native] as const]));
		if (first === undefined || thinking.length + natives.length === 0) return;
		const id = idOf(key, first.id);
		this.forget(id);
		const bytes = 2 * JSON.stringify([thinking, natives]).length;
		if (bytes > this.limitBytes) return;
		this.turns.set(id, { thinking, calls: new Map(natives), bytes });
		this.bytes += bytes;
		for (const oldest of this.turns.keys()) {
			if (this.bytes <= this.limitBytes) break;
			this.forget(oldest);
		}
	}

	/** The conversation with everything that is still known put back where it was. */
	restore(key: Key, conversation: Conversation): Conversation {
		if (this.turns.size === 0) return conversation;
		return { ...conversation, messages: conversation.messages.map((message) => this.restoreTurn(key, message)) };
	}

	private restoreTurn(key: Key, message: Message): Message {
		const first = message.role === 'assistant' ? message.content.find((one) => one.type === 'tool-call') : undefined;
		const kept = first?.type === 'tool-call' ? this.find(idOf(key, first.id)) : undefined;
		if (kept === undefined) return message;
		const rest = message.content.flatMap((one): Content[] => {
			// The caller's copy of the reasoning is its text alone.
			if (one.type === 'thinking') return kept.thinking.length > 0 ? [] : [one];
			const native = one.type === 'tool-call' ? kept.calls.get(one.id) : undefined;
			return [one.type === 'tool-call' && native !== undefined ? { ...one, native } : one];
		});
		return { ...message, content: [...kept.thinking, ...rest] };
	}

	private find(id: string): Kept | undefined {
		const kept = this.turns.get(id);
		if (kept === undefined) return undefined;
		this.turns.delete(id);
		this.turns.set(id, kept);
		return kept;
	}

	private forget(id: string): void {
		this.bytes -= this.turns.get(id)?.bytes ?? 0;
		this.turns.delete(id);
	}
}

const idOf = ({ id }: Key, callId: string): string => JSON.stringify([id, callId]);

/** Hears a stream's reasoning and the ids of its tool calls in passing. */
export class NativeListener {
	private readonly thinking = new Map<number, string>();
	private readonly heard: ReplyContent[] = [];

	take(part: StreamPart): void {
		if (part.type === 'thinking-delta') this.thinking.set(part.index, (this.thinking.get(part.index) ?? '') + part.text);
		else if (part.type === 'thinking-end' && part.native !== undefined)
			this.heard.push({ type: 'thinking', text: this.thinking.get(part.index) ?? '', native: part.native });
		else if (part.type === 'tool-call-start') this.heard.push({ ...part, type: 'tool-call', input: null });
	}

	content(): readonly ReplyContent[] {
		return this.heard;
	}
}
