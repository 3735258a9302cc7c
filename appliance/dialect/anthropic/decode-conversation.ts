/** Messages: reads a caller's bytes into the internal form of a conversation. */

import type { Content, Conversation, JsonSchema, JsonValue, Message, ToolDefinition } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { attempt, type Fields, isFields, readNumber, readObjects, readString, refuse, textOf } from '../fields.ts';
import { readToolChoice } from './decode-call.ts';
import { isBillingText, outputFormat, systemTexts } from './marks.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

function readConversation(fields: Fields): Conversation {
	const messages = readObjects(fields.messages, 'messages');
	const toolChoice = fields.tool_choice;
	const format = outputFormat(fields);
	return {
		messages: [...readSystem(fields.system), ...readMessages(messages)],
		tools: readTools(fields.tools, messages),
		toolChoice: readToolChoice(toolChoice),
		isParallelToolUseAllowed: !(isFields(toolChoice) && toolChoice.disable_parallel_tool_use === true),
		outputCapTokens: readNumber(fields, 'max_tokens'),
		temperature: readNumber(fields, 'temperature'),
		topP: readNumber(fields, 'top_p'),
		topK: readNumber(fields, 'top_k'),
		seed: undefined,
		stopSequences: readStops(fields.stop_sequences),
		outputSchema: isFields(format?.schema) ? (format.schema as JsonSchema) : undefined,
	};
}

/** The client's accounting line is left out: it changes from call to call and would spoil every cached prefix behind it. */
function readSystem(system: unknown): Message[] {
	const content = systemTexts(system).filter((text) => text !== '' && !isBillingText(text));
	return content.length === 0 ? [] : [{ role: 'system', content: content.map((text) => ({ type: 'text', text })) }];
}

function readMessages(messages: readonly Fields[]): Message[] {
	const toolNames = new Map<string, string>();
	return messages.flatMap((message, index): Message[] => {
		const role = message.role;
		if (role !== 'user' && role !== 'assistant' && role !== 'system') {
			return refuse(`messages[${index}].role`, role, 'user, assistant or system');
		}
		const content = readContent(message.content ?? [], toolNames);
		return content.length === 0 ? [] : [{ role, content }];
	});
}

function readContent(content: unknown, toolNames: Map<string, string>): Content[] {
	if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
	if (!Array.isArray(content)) return [];
	return content.filter(isFields).flatMap((block) => readBlock(block, toolNames));
}

function readBlock(block: Fields, toolNames: Map<string, string>): Content[] {
	switch (block.type) {
		case 'text':
			return readContent(block.text, toolNames);
		case 'thinking':
			return [{ type: 'thinking', text: textOf(block.thinking) ?? '' }];
		case 'image':
			return [{ type: 'media', modality: 'image' }];
		case 'document':
			return readDocument(block, toolNames);
		case 'tool_use':
			return [readToolUse(block, toolNames)];
		case 'tool_result':
			return [readToolResult(block, toolNames)];
		case 'search_result':
			return [...line([block.title, block.source]), ...readContent(block.content, toolNames)];
		case 'tool_reference':
			return line([block.tool_name]);
		case 'redacted_thinking':
		case 'tool_addition':
		case 'tool_removal':
			return [];
		default:
			// What the vendor's own tools did stays readable as the JSON it is.
			return [{ type: 'text', text: JSON.stringify(block) }];
	}
}

function line(parts: readonly unknown[]): Content[] {
	const text = parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
	return text === '' ? [] : [{ type: 'text', text }];
}

function readDocument(block: Fields, toolNames: Map<string, string>): Content[] {
	const source = isFields(block.source) ? block.source : {};
	const heading = line([block.title, block.context]);
	if (source.type === 'text') return [...heading, ...readContent(source.data, toolNames)];
	if (source.type === 'content') return [...heading, ...readContent(source.content, toolNames)];
	return [...heading, { type: 'media', modality: 'document' }];
}

function readToolUse(block: Fields, toolNames: Map<string, string>): Content {
	const id = readString(block, 'id', 'tool_use.id');
	const name = readString(block, 'name', 'tool_use.name');
	toolNames.set(id, name);
	return { type: 'tool-call', id, name, input: (block.input ?? {}) as JsonValue };
}

function readToolResult(block: Fields, toolNames: Map<string, string>): Content {
	const callId = readString(block, 'tool_use_id', 'tool_result.tool_use_id');
	const content = readContent(block.content, toolNames);
	return { type: 'tool-result', callId, name: toolNames.get(callId), isError: block.is_error === true, content };
}

/** Tools with a schema of their own; deferred ones only once a tool search has named them. */
function readTools(value: unknown, messages: readonly Fields[]): ToolDefinition[] {
	if (value === undefined || value === null) return [];
	const tools = readObjects(value, 'tools').filter((tool) => isFields(tool.input_schema));
	if (!tools.some((tool) => tool.defer_loading === true)) return tools.map(readTool);
	const named = namedTools(messages);
	return tools.filter((tool) => tool.defer_loading !== true || named.has(tool.name)).map(readTool);
}

function readTool(tool: Fields): ToolDefinition {
	return {
		name: readString(tool, 'name', 'tools name'),
		description: textOf(tool.description) ?? '',
		inputSchema: tool.input_schema as JsonSchema,
	};
}

/** Tools that a `tool_reference` has brought in, in a tool result or in a message of the system. */
function namedTools(messages: readonly Fields[]): ReadonlySet<unknown> {
	const named = new Set<unknown>();
	const visit = (content: unknown): void => {
		if (!Array.isArray(content)) return;
		for (const block of content.filter(isFields)) {
			if (block.type === 'tool_reference') named.add(block.tool_name);
			else if (block.type === 'tool_result') visit(block.content);
			else if (block.type === 'tool_addition' && isFields(block.tool)) named.add(block.tool.name);
		}
	};
	for (const message of messages) visit(message.content);
	return named;
}

function readStops(value: unknown): readonly string[] {
	if (value === undefined || value === null) return [];
	if (Array.isArray(value) && value.every((stop) => typeof stop === 'string')) return value;
	return refuse('stop_sequences', value, 'an array of strings');
}
