/** Messages: reads a caller's bytes into the internal form of a conversation. */

import type { Content, Conversation, JsonSchema, Message, Reasoning, ToolDefinition } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { attempt, type Fields, isFields, readNumber, readObjects, readString, refuse, textOf } from '../fields.ts';
import { readToolChoice } from './decode-call.ts';
import { ContentReader } from './decode-content.ts';
import { isBillingText, outputFormat } from './marks.ts';
import { cacheOf } from './wire.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

/** Fields that the internal form holds; whatever else a caller writes is named as left out where the call crosses dialects. */
const HELD = new Set([
	'model',
	'max_tokens',
	'messages',
	'system',
	'tools',
	'tool_choice',
	'metadata',
	'stream',
	'stop_sequences',
	'temperature',
	'top_p',
	'top_k',
	'thinking',
	'cache_control',
	'output_config',
	'output_format',
]);

function readConversation(fields: Fields): Conversation {
	const messages = readObjects(fields.messages, 'messages');
	const toolChoice = fields.tool_choice;
	const format = outputFormat(fields);
	const reader = new ContentReader();
	const said = [...readSystem(fields.system, reader), ...readMessages(messages, reader)];
	const reasoning = readReasoning(fields);
	const cache = cacheOf(fields.cache_control);
	const userId = isFields(fields.metadata) ? textOf(fields.metadata.user_id) : undefined;
	const vendorTools = readVendorTools(fields.tools);
	const otherFields = [...otherNames(fields), ...reader.others];
	return {
		messages: said,
		tools: readTools(fields.tools, messages),
		...(vendorTools.length > 0 ? { vendorTools } : {}),
		toolChoice: readToolChoice(toolChoice),
		isParallelToolUseAllowed: !(isFields(toolChoice) && toolChoice.disable_parallel_tool_use === true),
		outputCapTokens: readNumber(fields, 'max_tokens'),
		temperature: readNumber(fields, 'temperature'),
		topP: readNumber(fields, 'top_p'),
		topK: readNumber(fields, 'top_k'),
		seed: undefined,
		stopSequences: readStops(fields.stop_sequences),
		outputSchema: isFields(format?.schema) ? (format.schema as JsonSchema) : undefined,
		...(isFields(format?.schema) ? { isOutputStrict: true } : {}),
		...(reasoning === undefined ? {} : { reasoning }),
		...(cache === undefined ? {} : { cache }),
		...(userId === undefined ? {} : { userId }),
		...(otherFields.length > 0 ? { otherFields } : {}),
	};
}

function otherNames(fields: Fields): readonly string[] {
	return Object.keys(fields).filter((name) => !HELD.has(name) && fields[name] !== null && !isEmptyList(fields[name]));
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

/** The client's accounting line is left out: it changes from call to call and would spoil every cached prefix behind it. */
function readSystem(system: unknown, reader: ContentReader): Message[] {
	const content = reader.read(system ?? []).filter((one) => one.type === 'text' && !isBillingText(one.text));
	return content.length === 0 ? [] : [{ role: 'system', content }];
}

function readMessages(messages: readonly Fields[], reader: ContentReader): Message[] {
	return messages.flatMap((message, index): Message[] => {
		const role = message.role;
		if (role !== 'user' && role !== 'assistant' && role !== 'system') {
			return refuse(`messages[${index}].role`, role, 'user, assistant or system');
		}
		const content: readonly Content[] = reader.read(message.content ?? []);
		return content.length === 0 ? [] : [{ role, content }];
	});
}

/** Effort without thinking is left as it is: it steers the answer's length as well. */
function readReasoning({ thinking, output_config }: Fields): Reasoning | undefined {
	const effort = isFields(output_config) ? textOf(output_config.effort) : undefined;
	const type = isFields(thinking) ? thinking.type : undefined;
	if (type === 'disabled') return { type: 'off' };
	if (type !== 'enabled' && type !== 'adaptive') return effort === undefined ? undefined : { type: 'on', effort };
	const { budget_tokens: budget, display } = thinking as Fields;
	return {
		type: 'on',
		...(effort === undefined ? {} : { effort }),
		...(type === 'enabled' && typeof budget === 'number' ? { budgetTokens: budget } : {}),
		...(type === 'adaptive' ? { isAdaptive: true } : {}),
		isShown: display !== 'omitted',
	};
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
	const cache = cacheOf(tool.cache_control);
	return {
		name: readString(tool, 'name', 'tools name'),
		description: textOf(tool.description) ?? '',
		inputSchema: tool.input_schema as JsonSchema,
		...(typeof tool.strict === 'boolean' ? { isStrict: tool.strict } : {}),
		...(cache === undefined ? {} : { cache }),
	};
}

/** Tools without a schema are the vendor's own, run there or known to its models alone. */
function readVendorTools(value: unknown): readonly string[] {
	if (!Array.isArray(value)) return [];
	return value.filter((tool) => isFields(tool) && !isFields(tool.input_schema)).map((tool: Fields) => textOf(tool.type) ?? 'unnamed');
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
