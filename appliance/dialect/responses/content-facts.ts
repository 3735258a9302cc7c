/** Responses: walks input items and tools for media, tools, and what no byte bounds. */

import type { CallFacts } from '../call-facts.ts';
import { type Fields, isFields, readString, refuse, textOf } from '../fields.ts';
import { isSealed } from '../sealed-native.ts';

/** The prompt that a vendor puts around tools, and the one of a tool that it defines itself: published by none, so generous guesses that are used as bounds. */
const TOOL_PROMPT_TOKENS = 600;
const VENDOR_TOOL_TOKENS = 1_500;

/** Tools that the client executes though the vendor defines them. */
const VENDOR_CLIENT_TOOLS = new Set(['apply_patch', 'local_shell', 'computer', 'computer_use_preview']);

/** Items whose whole content stands in the body. Encrypted content is no shorter than the text that it hides. */
const INLINE_ITEMS = new Set([
	'function_call',
	'custom_tool_call',
	'reasoning',
	'compaction',
	'compaction_summary',
	'context_compaction',
	'compaction_trigger',
	'agent_message',
	'local_shell_call',
	'local_shell_call_output',
	'shell_call',
	'shell_call_output',
	'apply_patch_call',
	'apply_patch_call_output',
	'tool_search_call',
	'computer_call',
	'mcp_list_tools',
	'mcp_call',
	'mcp_approval_request',
	'mcp_approval_response',
	'program',
	'program_output',
	'ghost_snapshot',
]);

export function readTools(facts: CallFacts, value: unknown, path = 'tools'): void {
	if (value === undefined || value === null) return;
	if (!Array.isArray(value)) refuse(path, value, 'an array of objects');
	for (const [index, tool] of value.entries()) readTool(facts, tool, `${path}[${index}]`);
	if (value.length > 0) facts.addVendorTokens(TOOL_PROMPT_TOKENS);
}

function readTool(facts: CallFacts, tool: unknown, path: string): void {
	if (!isFields(tool)) refuse(path, tool, 'an object');
	const type = readString(tool, 'type', `${path}.type`);
	if (type === 'function' || type === 'custom') facts.toolNames.push(readString(tool, 'name', `${path}.name`));
	else if (type === 'namespace') readTools(facts, tool.tools, `${path}.tools`);
	else if (isClientExecuted(type, tool)) {
		facts.toolNames.push(type);
		facts.addVendorTokens(VENDOR_TOOL_TOKENS);
	} else facts.addServerTool(type, serverToolName(type, path));
}

/** Tools that a message or a group brings in stand where none can be taken out. */
function serverToolName(type: string, path: string): string {
	return /^tools\[\d+\]$/.test(path) ? topLevelName(type) : `tools within: ${type}`;
}

export const topLevelName = (type: string): string => `tools: ${type}`;

/** A search for tools brings in no more than the definitions that stand in the body. */
function isClientExecuted(type: string, { execution, environment }: Fields): boolean {
	if (type === 'tool_search') return execution === 'client';
	if (type === 'shell') return isFields(environment) && environment.type === 'local';
	return VENDOR_CLIENT_TOOLS.has(type);
}

/** Walks one input item; `path` is called only for an error. */
export function walkItem(facts: CallFacts, item: Fields, path: () => string): void {
	const type = typeOf(item);
	if (isSealed(item.encrypted_content)) facts.hasForeign = true;
	if (type === 'message') walkContent(facts, item.content, () => `${path()}.content`);
	else if (type === 'function_call_output' || type === 'custom_tool_call_output') walkContent(facts, item.output, () => `${path()}.output`);
	else if (type === 'computer_call_output') walkPart(facts, isFields(item.output) ? item.output : {});
	else if (type === 'image_generation_call' && typeof item.result === 'string') facts.addInlineMedia('image', item.result);
	else if (type === 'additional_tools' || type === 'tool_search_output') readTools(facts, item.tools, `${path()}.tools`);
	else if (!INLINE_ITEMS.has(type)) facts.unbounded.add(`input item ${type}`);
}

/** A message may leave its type out. */
export function typeOf(item: Fields): string {
	return textOf(item.type) ?? (item.role === undefined ? 'item_reference' : 'message');
}

function walkContent(facts: CallFacts, content: unknown, path: () => string): void {
	if (typeof content === 'string') return;
	if (!Array.isArray(content)) refuse(path(), content, 'a string or an array of parts');
	for (const [index, part] of content.entries()) {
		if (!isFields(part) || typeof part.type !== 'string') refuse(`${path()}[${index}]`, part, 'an object with a type');
		walkPart(facts, part);
	}
}

function walkPart(facts: CallFacts, part: Fields): void {
	const type = textOf(part.type) ?? '';
	readBreakpoint(facts, part.prompt_cache_breakpoint);
	if (type === 'input_image' || type === 'computer_screenshot') walkImage(facts, textOf(part.image_url));
	else if (type === 'input_file') {
		if (typeof part.file_data === 'string') facts.addInlineMedia('document', part.file_data);
		else facts.addRemoteMedia('document');
	} else if (type === 'input_audio') facts.addInlineMedia('audio', isFields(part.input_audio) ? part.input_audio.data : undefined);
	else if (!INLINE_PARTS.has(type)) facts.unbounded.add(`content part ${type}`);
}

const INLINE_PARTS = new Set(['input_text', 'output_text', 'text', 'refusal', 'reasoning_text', 'summary_text', 'encrypted_content']);

function walkImage(facts: CallFacts, url: string | undefined): void {
	if (url?.startsWith('data:')) facts.addInlineMedia('image', url.slice(url.indexOf(',') + 1));
	else facts.addRemoteMedia('image');
}

/** The usual life of a written cache is half an hour. */
const USUAL_LIFE = '30m';

function readBreakpoint(facts: CallFacts, breakpoint: unknown): void {
	if (isFields(breakpoint)) facts.noteCacheWrite(breakpoint.ttl !== undefined && breakpoint.ttl !== USUAL_LIFE);
}

/** Reads how long the vendor is asked to keep what it caches, for the whole call. */
export function readCacheLife(facts: CallFacts, fields: Fields): void {
	facts.noteCacheWrite(isLongCache(fields));
}

export function isLongCache({ prompt_cache_options: options, prompt_cache_retention: retention }: Fields): boolean {
	const ttl = isFields(options) ? (options.ttl ?? undefined) : undefined;
	return (ttl !== undefined && ttl !== USUAL_LIFE) || (typeof retention === 'string' && retention !== 'in_memory');
}
