/** Chat Completions: reads a caller's bytes into the internal form of a conversation. */

import type { Content, Conversation, FreeformTool, JsonSchema, JsonValue, Message, ToolDefinition } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { attempt, definite, type Fields, isFields, readNumber, readObjects, readString, refuse, some, textOf } from '../fields.ts';
import { readToolChoice, schemaOf } from './decode-call.ts';
import { readContent } from './decode-content.ts';
import { callNative, thinkingOf } from './native.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

/** Fields that the internal form holds; whatever else a caller writes is named as left out where the call crosses dialects. */
const HELD = new Set([
	'model',
	'max_completion_tokens',
	'max_tokens',
	'messages',
	'tools',
	'tool_choice',
	'parallel_tool_calls',
	'stream',
	'stream_options',
	'stop',
	'temperature',
	'top_p',
	'top_k',
	'seed',
	'frequency_penalty',
	'presence_penalty',
	'response_format',
	'reasoning_effort',
	'verbosity',
	'metadata',
	'user',
	'safety_identifier',
	'prompt_cache_key',
]);

/** Values that say what is the case anyway. */
const EMPTY: ReadonlyMap<string, unknown> = new Map<string, unknown>([
	['n', 1],
	['store', false],
	['logprobs', false],
	['service_tier', 'auto'],
]);

function readConversation(fields: Fields): Conversation {
	const format = isFields(fields.response_format) ? fields.response_format.json_schema : undefined;
	const named: Fields = isFields(format) ? format : {};
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
		...definite({
			freeformTools: some(readFreeformTools(fields.tools, fields.tool_choice)),
			vendorTools: some(readVendorTools(fields.tools)),
			frequencyPenalty: readNumber(fields, 'frequency_penalty'),
			presencePenalty: readNumber(fields, 'presence_penalty'),
			outputSchemaName: textOf(named.name),
			isOutputStrict: typeof named.strict === 'boolean' ? named.strict : undefined,
			reasoning: readReasoning(fields.reasoning_effort),
			verbosity: textOf(fields.verbosity),
			promptCacheKey: textOf(fields.prompt_cache_key),
			userId: textOf(fields.user) ?? textOf(fields.safety_identifier),
			metadata: isFields(fields.metadata) ? (fields.metadata as Readonly<Record<string, JsonValue>>) : undefined,
			otherFields: some(otherNames(fields)),
		}),
	};
}

function otherNames(fields: Fields): readonly string[] {
	return Object.keys(fields).filter((name) => {
		const value = fields[name];
		const saysNothing = value === null || (Array.isArray(value) && value.length === 0) || (EMPTY.has(name) && EMPTY.get(name) === value);
		return !HELD.has(name) && !saysNothing;
	});
}

function readReasoning(effort: unknown): Conversation['reasoning'] {
	if (typeof effort !== 'string') return undefined;
	return effort === 'none' ? { type: 'off' } : { type: 'on', effort, isShown: true };
}

function readMessages(messages: readonly Fields[]): Message[] {
	const toolNames = new Map<string, string>();
	const freeform = new Set<string>();
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
			results.push(readToolResult(message, toolNames, freeform));
			continue;
		}
		results = undefined;
		const content = role === 'assistant' ? readAssistant(message, toolNames, freeform) : readContent(message.content);
		if (content.length > 0) result.push({ ...readRole(role, index), content });
	}
	return result;
}

function readRole(role: unknown, index: number): Pick<Message, 'role' | 'isDeveloper'> {
	if (role === 'developer') return { role: 'system', isDeveloper: true };
	if (role === 'system' || role === 'user' || role === 'assistant') return { role };
	return refuse(`messages[${index}].role`, role, 'system, developer, user, assistant or tool');
}

/** Which vendor wrote the reasoning, the wire does not say. */
function readAssistant(message: Fields, toolNames: Map<string, string>, freeform: Set<string>): Content[] {
	const text = thinkingOf(message);
	const calls = message.tool_calls ?? [];
	return [
		...(text === '' ? [] : [{ type: 'thinking' as const, text, native: { dialect: 'chat-completions' as const, value: {} } }]),
		...readContent(message.content ?? message.refusal),
		...readObjects(calls, 'tool_calls').map((call) => readToolCall(call, toolNames, freeform)),
	];
}

function readToolCall(call: Fields, toolNames: Map<string, string>, freeform: Set<string>): Content {
	const id = readString(call, 'id', 'tool_calls id');
	const type = textOf(call.type) ?? 'function';
	const named = call[type];
	if (!isFields(named)) return refuse(`tool_calls ${type}`, named, 'an object');
	const name = readString(named, 'name', `tool_calls ${type}.name`);
	toolNames.set(id, name);
	const native = callNative(call, { vendor: undefined });
	if (type !== 'custom') return { type: 'tool-call', id, name, input: parseArguments(named.arguments), ...native };
	freeform.add(id);
	return { type: 'tool-call', id, name, input: textOf(named.input) ?? '', isFreeform: true, ...native };
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

function readToolResult(message: Fields, toolNames: Map<string, string>, freeform: ReadonlySet<string>): Content {
	const callId = readString(message, 'tool_call_id', 'tool message tool_call_id');
	const content = readContent(message.content);
	const kind = freeform.has(callId) ? { isFreeform: true as const } : {};
	return { type: 'tool-result', callId, name: toolNames.get(callId), isError: false, ...kind, content };
}

function readTools(value: unknown, choice: unknown): ToolDefinition[] {
	return offered(value, choice, 'function').map((definition) => {
		const schema = isFields(definition.parameters) ? definition.parameters : { type: 'object', properties: {} };
		return {
			name: readString(definition, 'name', 'tools function.name'),
			description: textOf(definition.description) ?? '',
			inputSchema: schema as JsonSchema,
			...(typeof definition.strict === 'boolean' ? { isStrict: definition.strict } : {}),
		};
	});
}

function readFreeformTools(value: unknown, choice: unknown): FreeformTool[] {
	return offered(value, choice, 'custom').map((definition) => {
		const format = isFields(definition.format) ? definition.format : {};
		const held = isFields(format.grammar) ? format.grammar : format;
		const { syntax, definition: text } = held;
		const grammar = typeof syntax === 'string' && typeof text === 'string' ? { grammar: { syntax, definition: text } } : {};
		return { name: readString(definition, 'name', 'tools custom.name'), description: textOf(definition.description) ?? '', ...grammar };
	});
}

/** The definitions of one type, as far as the tool choice allows them. */
function offered(value: unknown, choice: unknown, type: 'function' | 'custom'): Fields[] {
	if (value === undefined || value === null) return [];
	const allowed = allowedNames(choice);
	return readObjects(value, 'tools').flatMap((tool) => {
		const definition = tool[type];
		if (tool.type !== type || !isFields(definition)) return [];
		return allowed === undefined || allowed.has(definition.name) ? [definition] : [];
	});
}

function readVendorTools(value: unknown): readonly string[] {
	if (!Array.isArray(value)) return [];
	const types = value.map((tool) => (isFields(tool) ? textOf(tool.type) : undefined) ?? 'unnamed');
	return types.filter((type) => type !== 'function' && type !== 'custom');
}

/** Names of a tool choice of type `allowed_tools`; undefined when all are allowed. */
function allowedNames(choice: unknown): ReadonlySet<unknown> | undefined {
	const allowed = isFields(choice) && choice.type === 'allowed_tools' ? choice.allowed_tools : undefined;
	if (!isFields(allowed) || !Array.isArray(allowed.tools)) return undefined;
	return new Set(
		allowed.tools
			.flatMap((tool) => (isFields(tool) ? [tool.function, tool.custom] : []))
			.flatMap((named) => (isFields(named) ? [named.name] : [])),
	);
}

function readStops(value: unknown): readonly string[] {
	if (value === undefined || value === null) return [];
	if (typeof value === 'string') return [value];
	if (Array.isArray(value) && value.every((stop) => typeof stop === 'string')) return value;
	return refuse('stop', value, 'a string or an array of strings');
}
