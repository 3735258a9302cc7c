/** Messages: writes system text and turns, in the order and the places that this wire demands. */

import type { Content, Conversation, JsonValue, Message } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import { type Fields, isFields } from '../fields.ts';
import { asFunctionInput } from '../freeform.ts';
import { isOwn, type Losses } from '../losses.ts';
import { LONG_NAMES, WireNames } from '../wire-names.ts';
import { encodeMedia } from './encode-media.ts';
import { cacheField } from './wire.ts';

export interface EncodedMessages {
	readonly system: Fields[];
	readonly messages: readonly Fields[];
}

interface Turn {
	readonly role: 'user' | 'assistant';
	readonly content: Fields[];
}

export function encodeMessages({ messages }: Conversation, target: CallTarget, losses: Losses, names: WireNames): EncodedMessages {
	const writer = new Writer(target, losses, names);
	const opening = messages.findIndex(({ role }) => role !== 'system');
	const head = messages.slice(0, opening < 0 ? messages.length : opening);
	const system = head.flatMap(({ content }) => writer.blocks(content));
	const turns: Turn[] = [];
	for (const message of messages.slice(head.length)) {
		const content = writer.turn(message);
		const role = message.role === 'assistant' ? 'assistant' : 'user';
		const last = turns.at(-1);
		if (content.length === 0) continue;
		if (last?.role === role) last.content.push(...content);
		else turns.push({ role, content });
	}
	if (turns.length > 0) return { system, messages: turns.map((turn) => ({ ...resultsFirst(turn) })) };
	losses.add('system-place', 'System text alone is no call here: it is sent as words of the user.');
	return { system: [], messages: [{ role: 'user', content: system }] };
}

/** The vendor refuses a turn in which anything stands before the results that it answers with. */
function resultsFirst({ role, content }: Turn): Turn {
	const isResult = (block: Fields) => block.type === 'tool_result';
	return role === 'assistant'
		? { role, content }
		: { role, content: [...content.filter(isResult), ...content.filter((block) => !isResult(block))] };
}

class Writer {
	private readonly target: CallTarget;
	private readonly losses: Losses;
	private readonly names: WireNames;
	private readonly ids = new WireNames(LONG_NAMES);

	constructor(target: CallTarget, losses: Losses, names: WireNames) {
		this.target = target;
		this.losses = losses;
		this.names = names;
	}

	/** A system message in the middle is told as a reminder in the user's turn, which the vendor's models are used to. */
	turn({ role, content }: Message): Fields[] {
		if (role !== 'system') return this.blocks(content);
		this.losses.add('system-place', 'A system message in the middle of the conversation is told as a reminder in the turn of the user.');
		return this.blocks(content).map((block) =>
			block.type === 'text' ? { ...block, text: `<system-reminder>\n${String(block.text)}\n</system-reminder>` } : block,
		);
	}

	blocks(content: readonly Content[]): Fields[] {
		return content.flatMap((one) => this.block(one));
	}

	private block(content: Content): Fields[] {
		switch (content.type) {
			case 'text':
				return content.text === '' ? [] : [{ type: 'text', text: content.text, ...cacheField(content.cache) }];
			case 'thinking':
				return this.thinking(content);
			case 'media':
				return [encodeMedia(content, this.target)];
			case 'tool-call':
				return [this.toolCall(content)];
			case 'tool-result':
				return [this.toolResult(content)];
		}
	}

	private thinking({ text, native }: Extract<Content, { type: 'thinking' }>): Fields[] {
		const { signature, data } = isOwn(native, 'anthropic', this.target) ? native.value : {};
		if (typeof signature === 'string') return [{ type: 'thinking', thinking: text, signature }];
		if (typeof data === 'string') return [{ type: 'redacted_thinking', data }];
		this.losses.add('foreign-reasoning', 'Reasoning of another vendor in the history is left out: only its maker can read it.');
		return [];
	}

	private toolCall({ id, name, input, isFreeform, native, cache }: Extract<Content, { type: 'tool-call' }>): Fields {
		if (native !== undefined) {
			this.losses.add('foreign-reasoning', 'Reasoning of another vendor in the history is left out: only its maker can read it.');
		}
		return {
			type: 'tool_use',
			id: this.ids.wire(id),
			name: this.names.wire(name),
			input: isFreeform && typeof input === 'string' ? asFunctionInput(input) : asObject(input),
			...cacheField(cache),
		};
	}

	private toolResult({ callId, isError, content, cache }: Extract<Content, { type: 'tool-result' }>): Fields {
		const blocks = this.blocks(content);
		return {
			type: 'tool_result',
			tool_use_id: this.ids.wire(callId),
			...(blocks.length > 0 ? { content: blocks } : {}),
			...(isError ? { is_error: true } : {}),
			...cacheField(cache),
		};
	}
}

/** Input that a model wrote as no object is kept inside one: this wire takes objects alone. */
function asObject(input: JsonValue): Fields {
	return isFields(input) ? input : { arguments: input };
}
