/** Chat Completions: reads a caller's bytes into the internal form of a conversation. */

import type { Content, Conversation, JsonSchema, JsonValue, Message, ToolDefinition } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { attempt, type Fields, isFields, readNumber, readObjects, readString, refuse, textOf } from '../fields.ts';
import { readToolChoice, schemaOf } from './decode-call.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

function readConversation(fields: Fields): Conversation {
	return {
		messages: readMessages(readObjects(fields.messages, 'messages')),
		tools: readTools(fields.tools, fields.tool_choice),
		toolChoice: readToolChoice(fields.tool_choice),
		isParallelToolUseAllowed: fields.parallel_tool_calls !== false,
		outputCapTokens: readNumber(fields, 'max_completion_tokens') ?? readNumber(fields, 'max_tokens'),
		temperature: readNumber(fields, 'temperature'),
		topP: readNumber(fields, 'top_p'),
		topK: readNumber(fields, 'top_k'),
		seed: readNumber(fields, 'seed'),
		stopSequences: readStops(fields.stop),
		outputSchema: schemaOf(fields.response_format) as JsonSchema | undefined,
	};
}

function readMessages(messages: readonly Fields[]): Message[] {
	const toolNames = new Map<string, string>();
	const result: Message[] = [];
	let results: Content[] | undefined;
	for (const [index, message] of messages.entries()) {
		const role = message.role;
		if (role === 'tool') {
			// Results of one turn stand in one user message, as in the other dialects.
			if (results === undefined) {
				results = [];
				result.push({ role: 'user', content: results });
			}
			results.push(readToolResult(message, toolNames));
			continue;
		}
		results = undefined;
		const content = role === 'assistant' ? readAssistant(message, toolNames) : readContent(message.content);
		if (content.length > 0) result.push({ role: readRole(role, index), content });
	}
	return result;
}

function readRole(role: unknown, index: number): Message['role'] {
	if (role === 'system' || role === 'developer') return 'system';
	if (role === 'user' || role === 'assistant') return role;
	return refuse(`messages[${index}].role`, role, 'system, developer, user, assistant or tool');
}

function readContent(content: unknown): Content[] {
	if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
	if (!Array.isArray(content)) return [];
	return content.filter(isFields).flatMap(readPart);
}

function readPart(part: Fields): Content[] {
	switch (part.type) {
		case 'image_url':
			return [{ type: 'media', modality: 'image' }];
		case 'input_audio':
			return [{ type: 'media', modality: 'audio' }];
		case 'file':
			return [{ type: 'media', modality: 'document' }];
		case 'refusal':
			return readContent(part.refusal);
		default:
			return readContent(part.text);
	}
}

function readAssistant(message: Fields, toolNames: Map<string, string>): Content[] {
	const thinking = textOf(message.reasoning_content);
	const calls = message.tool_calls ?? [];
	return [
		...(thinking === undefined || thinking === '' ? [] : [{ type: 'thinking' as const, text: thinking }]),
		...readContent(message.content ?? message.refusal),
		...readObjects(calls, 'tool_calls').map((call) => readToolCall(call, toolNames)),
	];
}

function readToolCall(call: Fields, toolNames: Map<string, string>): Content {
	const id = readString(call, 'id', 'tool_calls id');
	const type = textOf(call.type) ?? 'function';
	const named = call[type];
	if (!isFields(named)) return refuse(`tool_calls ${type}`, named, 'an object');
	const name = readString(named, 'name', `tool_calls ${type}.name`);
	toolNames.set(id, name);
	return {
		type: 'tool-call',
		id,
		name,
		input: type === 'custom' ? { input: textOf(named.input) ?? '' } : parseArguments(named.arguments),
	};
}

/** A model may have written arguments that are no JSON; they are kept as the text they are. */
export function parseArguments(value: unknown): JsonValue {
	const text = textOf(value) ?? '';
	if (text.trim() === '') return {};
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function readToolResult(message: Fields, toolNames: Map<string, string>): Content {
	const callId = readString(message, 'tool_call_id', 'tool message tool_call_id');
	return { type: 'tool-result', callId, name: toolNames.get(callId), isError: false, content: readContent(message.content) };
}

/** Function tools; free-form (custom) ones have no schema to hold a local answer to and are not offered. */
function readTools(value: unknown, choice: unknown): ToolDefinition[] {
	if (value === undefined || value === null) return [];
	const allowed = allowedNames(choice);
	return readObjects(value, 'tools').flatMap((tool) => {
		const definition = tool.function;
		if (tool.type !== 'function' || !isFields(definition)) return [];
		const name = readString(definition, 'name', 'tools function.name');
		if (allowed !== undefined && !allowed.has(name)) return [];
		const schema = isFields(definition.parameters) ? definition.parameters : { type: 'object', properties: {} };
		return [{ name, description: textOf(definition.description) ?? '', inputSchema: schema as JsonSchema }];
	});
}

/** Names of a tool choice of type `allowed_tools`; undefined when all are allowed. */
function allowedNames(choice: unknown): ReadonlySet<unknown> | undefined {
	const allowed = isFields(choice) && choice.type === 'allowed_tools' ? choice.allowed_tools : undefined;
	if (!isFields(allowed) || !Array.isArray(allowed.tools)) return undefined;
	return new Set(allowed.tools.map((tool) => (isFields(tool) && isFields(tool.function) ? tool.function.name : undefined)));
}

function readStops(value: unknown): readonly string[] {
	if (value === undefined || value === null) return [];
	if (typeof value === 'string') return [value];
	if (Array.isArray(value) && value.every((stop) => typeof stop === 'string')) return value;
	return refuse('stop', value, 'a string or an array of strings');
}
