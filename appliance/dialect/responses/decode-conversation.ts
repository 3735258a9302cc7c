/** Responses: reads a caller's bytes into the internal form of a conversation. */

import type { Content, Conversation, JsonSchema, Message, ToolDefinition } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { parseArguments } from '../chat-completions/decode-conversation.ts';
import { attempt, type Fields, isFields, readNumber, readObjects, readString, refuse, textOf } from '../fields.ts';
import { typeOf } from './content-facts.ts';
import { readToolChoice, schemaOf } from './signals.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY, listKey: 'input' });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

function readConversation(fields: Fields): Conversation {
	refuseHeld(fields);
	return {
		messages: readMessages(fields),
		tools: readTools(fields.tools, fields.tool_choice),
		toolChoice: readToolChoice(fields.tool_choice),
		isParallelToolUseAllowed: fields.parallel_tool_calls !== false,
		outputCapTokens: readNumber(fields, 'max_output_tokens'),
		temperature: readNumber(fields, 'temperature'),
		topP: readNumber(fields, 'top_p'),
		topK: undefined,
		seed: undefined,
		stopSequences: [],
		outputSchema: schemaOf(fields.text) as JsonSchema | undefined,
	};
}

const HELD = ['previous_response_id', 'conversation', 'prompt'];

/** What the vendor keeps of earlier calls is nowhere else: an answer without it would be an answer to something else. */
function refuseHeld(fields: Fields): void {
	const held = HELD.find((name) => fields[name] !== undefined && fields[name] !== null);
	if (held === undefined) return;
	throw new Problem('invalid-call', `${held}: only the vendor that keeps it can answer. Send the whole conversation as input.`, {
		details: { field: held },
	});
}

function readMessages({ instructions, input }: Fields): Message[] {
	const system = textContent(instructions);
	const opening: Message[] = system.length === 0 ? [] : [{ role: 'system', content: system }];
	if (typeof input === 'string') return [...opening, { role: 'user', content: textContent(input) }];
	const turns = new Turns(opening);
	for (const [index, item] of readObjects(input ?? [], 'input').entries()) turns.add(item, index);
	return turns.messages;
}

type Role = Message['role'];

/** Gathers items into turns: what one side says or calls in a row is one message of it. */
class Turns {
	readonly messages: Message[];
	private readonly toolNames = new Map<string, string>();
	private open: { readonly role: Role; readonly content: Content[] } | undefined;

	constructor(opening: Message[]) {
		this.messages = opening;
	}

	add(item: Fields, index: number): void {
		const type = typeOf(item);
		if (type === 'message') this.put(readRole(item.role, index), readContent(item.content), item.role !== 'assistant');
		else if (type.endsWith('_output')) this.put('user', [this.readOutput(item)]);
		else if (type === 'function_call' || type === 'custom_tool_call') this.put('assistant', [this.readCall(item, type)]);
		else if (type === 'reasoning') this.put('assistant', readReasoning(item));
	}

	private put(role: Role, content: readonly Content[], isOwnMessage = false): void {
		if (content.length === 0) return;
		const isOther = this.open?.role !== role || isOwnMessage;
		if (isOther || this.open === undefined) {
			this.open = { role, content: [] };
			this.messages.push(this.open);
		}
		this.open.content.push(...content);
		if (isOwnMessage) this.open = undefined;
	}

	private readCall(item: Fields, type: string): Content {
		const id = readString(item, 'call_id', `${type} call_id`);
		const name = readString(item, 'name', `${type} name`);
		this.toolNames.set(id, name);
		return {
			type: 'tool-call',
			id,
			name,
			input: type === 'custom_tool_call' ? { input: textOf(item.input) ?? '' } : parseArguments(item.arguments),
		};
	}

	private readOutput(item: Fields): Content {
		const callId = readString(item, 'call_id', `${typeOf(item)} call_id`);
		return { type: 'tool-result', callId, name: this.toolNames.get(callId), isError: false, content: readContent(item.output) };
	}
}

function readRole(role: unknown, index: number): Role {
	if (role === 'system' || role === 'developer') return 'system';
	if (role === 'user' || role === 'assistant') return role;
	return refuse(`input[${index}].role`, role, 'user, assistant, system or developer');
}

function textContent(text: unknown): Content[] {
	return typeof text === 'string' && text !== '' ? [{ type: 'text', text }] : [];
}

function readContent(content: unknown): Content[] {
	if (!Array.isArray(content)) return textContent(content);
	return content.filter(isFields).flatMap(readPart);
}

function readPart(part: Fields): Content[] {
	switch (part.type) {
		case 'input_image':
			return [{ type: 'media', modality: 'image' }];
		case 'input_audio':
			return [{ type: 'media', modality: 'audio' }];
		case 'input_file':
			return [{ type: 'media', modality: 'document' }];
		case 'refusal':
			return textContent(part.refusal);
		default:
			return textContent(part.text);
	}
}

function readReasoning({ summary, content }: Fields): Content[] {
	const parts = [summary, content].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
	const text = parts.map((part) => (isFields(part) ? (textOf(part.text) ?? '') : '')).join('\n\n');
	return text === '' ? [] : [{ type: 'thinking', text }];
}

/** Function tools; free-form (custom) ones have no schema to hold a local answer to and are not offered. */
function readTools(value: unknown, choice: unknown): ToolDefinition[] {
	if (value === undefined || value === null) return [];
	const allowed = allowedNames(choice);
	return readObjects(value, 'tools').flatMap((tool) => {
		if (tool.type !== 'function') return [];
		const name = readString(tool, 'name', 'tools name');
		if (allowed !== undefined && !allowed.has(name)) return [];
		const schema = isFields(tool.parameters) ? tool.parameters : { type: 'object', properties: {} };
		return [{ name, description: textOf(tool.description) ?? '', inputSchema: schema as JsonSchema }];
	});
}

/** Names of a tool choice of type `allowed_tools`; undefined when all are allowed. */
function allowedNames(choice: unknown): ReadonlySet<unknown> | undefined {
	if (!isFields(choice) || choice.type !== 'allowed_tools' || !Array.isArray(choice.tools)) return undefined;
	return new Set(choice.tools.map((tool) => (isFields(tool) ? tool.name : undefined)));
}
