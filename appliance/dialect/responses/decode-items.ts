/** Responses: gathers input items into turns: what one side says, thinks or calls in a row is one message of it. */

import type { Content, JsonValue, Message } from '../../protocol/conversation.ts';
import { attachCarried } from '../carried-native.ts';
import { parseArguments } from '../chat-completions/decode-conversation.ts';
import { type Fields, isFields, readString, refuse, textOf } from '../fields.ts';
import { typeOf } from './content-facts.ts';
import { readContent } from './decode-content.ts';
import { nativeOf, reasoningText } from './native.ts';
import { innerName } from './tool-shapes.ts';

export function readItems(items: readonly Fields[], opening: Message[]): Message[] {
	const turns = new Turns(opening);
	for (const [index, item] of items.entries()) turns.add(item, index);
	return turns.messages.map((message) => ({ ...message, content: attachCarried(message.content) }));
}

class Turns {
	readonly messages: Message[];
	private readonly toolNames = new Map<string, string>();
	private readonly freeform = new Set<string>();
	private open: { readonly role: Message['role']; readonly content: Content[] } | undefined;

	constructor(opening: Message[]) {
		this.messages = opening;
	}

	add(item: Fields, index: number): void {
		const type = typeOf(item);
		if (type === 'message') this.message(item, index);
		else if (type === 'agent_message') this.whole({ role: 'user', content: readAgentMessage(item) });
		else if (type === 'reasoning') this.put('assistant', readReasoning(item));
		else if (type.endsWith('_output') && outputId(item) !== undefined) this.put('user', [this.output(item, type)]);
		else if (type.endsWith('_call') && typeof item.call_id === 'string') this.put('assistant', [this.call(item, type)]);
		else if (type !== 'additional_tools') this.put('assistant', [{ type: 'text', text: told(item) }]);
	}

	private message(item: Fields, index: number): void {
		const content = readContent(item.content);
		const { role } = item;
		if (role === 'assistant') this.put('assistant', content);
		else if (role === 'developer') this.whole({ role: 'system', isDeveloper: true, content });
		else if (role === 'system' || role === 'user') this.whole({ role, content });
		else refuse(`input[${index}].role`, role, 'user, assistant, system or developer');
	}

	private whole(message: Message): void {
		this.open = undefined;
		if (message.content.length > 0) this.messages.push(message);
	}

	private put(role: 'user' | 'assistant', content: readonly Content[]): void {
		if (content.length === 0) return;
		if (this.open?.role !== role) {
			this.open = { role, content: [] };
			this.messages.push(this.open);
		}
		this.open.content.push(...content);
	}

	/** Calls of the vendor's own tools that the client ran are calls like others, named by their type. */
	private call(item: Fields, type: string): Content {
		const id = readString(item, 'call_id', `${type} call_id`);
		const name = innerName(item.namespace, textOf(item.name) ?? type.slice(0, -'_call'.length));
		this.toolNames.set(id, name);
		if (type === 'custom_tool_call') {
			this.freeform.add(id);
			return { type: 'tool-call', id, name, input: textOf(item.input) ?? '', isFreeform: true };
		}
		return { type: 'tool-call', id, name, input: type === 'function_call' ? parseArguments(item.arguments) : inputOf(item) };
	}

	private output(item: Fields, type: string): Content {
		const callId = outputId(item) ?? '';
		const kind = this.freeform.has(callId) ? { isFreeform: true as const } : {};
		const isPlain = typeof item.output === 'string' || type === 'function_call_output' || type === 'custom_tool_call_output';
		const content = isPlain ? readContent(item.output) : readOther(item);
		const isError = item.status === 'failed';
		return { type: 'tool-result', callId, name: this.toolNames.get(callId), isError, ...kind, content };
	}
}

/** A local shell's output has its call's id under `id`. */
const outputId = ({ call_id, id }: Fields): string | undefined => textOf(call_id) ?? textOf(id);

function readReasoning(item: Fields): Content[] {
	const text = reasoningText(item);
	const native = nativeOf(item);
	return text === '' && native.native === undefined ? [] : [{ type: 'thinking', text, ...native }];
}

/** Codex: what one agent writes to another. Its body is named encrypted also where another vendor's model wrote it in plain. */
function readAgentMessage({ content }: Fields): Content[] {
	const parts: readonly unknown[] = Array.isArray(content) ? content : [];
	return parts.filter(isFields).flatMap((part) => readContent(part.type === 'encrypted_content' ? part.encrypted_content : [part]));
}

const NO_INPUT = new Set(['type', 'id', 'call_id', 'status', 'namespace', 'name', 'internal_chat_message_metadata_passthrough']);

function inputOf(item: Fields): JsonValue {
	return Object.fromEntries(Object.entries(item).filter(([key]) => !NO_INPUT.has(key))) as { readonly [key: string]: JsonValue };
}

/** Outputs of the vendor's own tools: a screenshot is an image, the rest stays readable as the JSON it is. */
function readOther(item: Fields): Content[] {
	if (isFields(item.output) && item.output.type === 'computer_screenshot') return readContent([item.output]);
	return [{ type: 'text', text: JSON.stringify(item.output ?? inputOf(item)) }];
}

/** What the vendor's own tools did stays readable as the JSON it is; a picture in it would only be noise. */
function told(item: Fields): string {
	return JSON.stringify(typeof item.result === 'string' && item.result.length > LONG_RESULT ? { ...item, result: '…' } : item);
}

const LONG_RESULT = 4_096;
