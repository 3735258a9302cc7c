/** Messages: walks content blocks and tools for media, tools, and what no byte bounds. */

import type { Modality } from '../../protocol/words.ts';
import type { CallFacts } from '../call-facts.ts';
import { type Fields, isFields, readString, refuse, textOf } from '../fields.ts';
import { isForeign } from './fit-body.ts';
import { isClientTool, readServerTool } from './server-tools.ts';

/** Blocks whose whole content stands in the body. */
const INLINE_BLOCKS = new Set([
	'text',
	'thinking',
	'redacted_thinking',
	'tool_use',
	'tool_result',
	'tool_reference',
	'search_result',
	'server_tool_use',
	'web_search_tool_result',
	'web_fetch_tool_result',
	'code_execution_tool_result',
	'bash_code_execution_tool_result',
	'text_editor_code_execution_tool_result',
	'tool_search_tool_result',
	'advisor_tool_result',
	'mcp_tool_use',
	'mcp_tool_result',
	'mcp_tool_listing',
	'browser_state',
	'compaction',
	'fallback',
	'tool_removal',
]);

/**
 * Upper bound of the prompt that the vendor adds for a tool that it defines and the client executes (its documentation
 * gives 245 to 735 tokens; doubled here).
 */
const VENDOR_TOOL_TOKENS = 1_500;
/** Any tool at all brings a system prompt of 159 to 530 tokens (vendor's table by model); structured output one of its own. */
const TOOL_PROMPT_TOKENS = 600;

export function readTools(facts: CallFacts, value: unknown): void {
	if (value === undefined || value === null) return;
	if (!Array.isArray(value)) refuse('tools', value, 'an array of objects');
	for (const [index, tool] of value.entries()) {
		if (!isFields(tool)) refuse(`tools[${index}]`, tool, 'an object');
		readTool(facts, tool, `tools[${index}]`);
	}
	if (value.length > 0) facts.addVendorTokens(TOOL_PROMPT_TOKENS);
}

function readTool(facts: CallFacts, tool: Fields, path: string): void {
	const type = tool.type ?? 'custom';
	facts.readCacheControl(tool.cache_control);
	if (typeof type !== 'string') refuse(`${path}.type`, type, 'a string');
	const isVendorTool = isClientTool(type);
	if (type !== 'custom' && !isVendorTool) {
		readServerTool(facts, type, tool);
		return;
	}
	if (isVendorTool) facts.addVendorTokens(VENDOR_TOOL_TOKENS);
	facts.toolNames.push(readString(tool, 'name', `${path}.name`));
}

/** Walks the content of one message; `path` is called only for an error. */
export function walkContent(facts: CallFacts, content: unknown, path: () => string): void {
	if (typeof content === 'string') return;
	if (!Array.isArray(content)) refuse(`${path()}.content`, content, 'a string or an array of blocks');
	for (const [index, block] of content.entries()) {
		if (!isFields(block) || typeof block.type !== 'string') {
			refuse(`${path()}.content[${index}]`, block, 'an object with a type');
		}
		walkBlock(facts, block, path);
	}
}

function walkBlock(facts: CallFacts, block: Fields, path: () => string): void {
	const type = textOf(block.type) ?? '';
	facts.readCacheControl(block.cache_control);
	if (type === 'image' || type === 'document') walkMedia(facts, type, block.source, path);
	else if (type === 'tool_result') walkNested(facts, block.content, path);
	else if (type === 'tool_addition') walkAddedTool(facts, block.tool);
	else if (isForeign(block)) facts.hasForeign = true;
	else if (!INLINE_BLOCKS.has(type)) facts.unbounded.add(`content block ${type}`);
}

function walkNested(facts: CallFacts, content: unknown, path: () => string): void {
	if (content !== undefined && content !== null) walkContent(facts, content, path);
}

function walkMedia(facts: CallFacts, modality: Modality, source: unknown, path: () => string): void {
	if (!isFields(source)) refuse(`${path()} ${modality} source`, source, 'an object');
	const type = source.type;
	if (type === 'base64') facts.addInlineMedia(modality, source.data);
	else if (type === 'text') facts.addModality(modality);
	else if (type === 'content') {
		facts.addModality(modality);
		walkNested(facts, source.content, path);
	} else if (type === 'url' || type === 'file') facts.addRemoteMedia(modality);
	else facts.unbounded.add(`${modality} by ${textOf(type) ?? 'reference'}`);
}

/** A tool that a message in the middle of the conversation defines or switches on. */
function walkAddedTool(facts: CallFacts, tool: unknown): void {
	if (!isFields(tool)) return;
	if (tool.type === 'tool_reference') return;
	if (tool.type === 'tool_definition' && isFields(tool.definition)) readTool(facts, tool.definition, 'tool_addition');
	else facts.unbounded.add(`tool_addition: ${textOf(tool.type) ?? 'unknown'}`);
}
