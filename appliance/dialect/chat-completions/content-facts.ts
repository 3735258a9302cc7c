/** Chat Completions: walks content parts and tools for media, tools, and what no byte bounds. */

import type { CallFacts } from '../call-facts.ts';
import { type Fields, isFields, readString, refuse, textOf } from '../fields.ts';

/** The prompt that a vendor puts around tools; published by none, so a generous guess that is used as a bound. */
const TOOL_PROMPT_TOKENS = 600;

export function readTools(facts: CallFacts, value: unknown): void {
	if (value === undefined || value === null) return;
	if (!Array.isArray(value)) refuse('tools', value, 'an array of objects');
	for (const [index, tool] of value.entries()) readTool(facts, tool, `tools[${index}]`);
	if (value.length > 0) facts.addVendorTokens(TOOL_PROMPT_TOKENS);
}

function readTool(facts: CallFacts, tool: unknown, path: string): void {
	if (!isFields(tool)) refuse(path, tool, 'an object');
	const type = readString(tool, 'type', `${path}.type`);
	if (type !== 'function' && type !== 'custom') {
		facts.addServerTool(type, `tools: ${type}`);
		return;
	}
	const definition = tool[type];
	if (!isFields(definition)) refuse(`${path}.${type}`, definition, 'an object');
	facts.toolNames.push(readString(definition, 'name', `${path}.${type}.name`));
}

/** Fields that one vendor has added, and that others refuse. */
function hasOwnFields({ reasoning_content, tool_calls: calls }: Fields): boolean {
	return (
		reasoning_content !== undefined || (Array.isArray(calls) && calls.some((call) => isFields(call) && call.extra_content !== undefined))
	);
}

/** Walks one message; `path` is called only for an error. */
export function walkMessage(facts: CallFacts, message: Fields, path: () => string): void {
	const content = message.content;
	if (message.role === 'assistant' && hasOwnFields(message)) facts.hasForeign = true;
	if (message.role === 'assistant' && isFields(message.audio)) facts.addRemoteMedia('audio');
	if (content === undefined || content === null) {
		if (message.role !== 'assistant') refuse(`${path()}.content`, content, 'a string or an array of parts');
		return;
	}
	if (typeof content === 'string') return;
	if (!Array.isArray(content)) refuse(`${path()}.content`, content, 'a string or an array of parts');
	for (const [index, part] of content.entries()) {
		if (!isFields(part) || typeof part.type !== 'string') refuse(`${path()}.content[${index}]`, part, 'an object with a type');
		walkPart(facts, part);
	}
}

function walkPart(facts: CallFacts, part: Fields): void {
	const type = textOf(part.type) ?? '';
	const held = part[type];
	const value = isFields(held) ? held : {};
	if (type === 'image_url') walkImage(facts, textOf(value.url) ?? textOf(part.image_url) ?? '');
	else if (type === 'input_audio') facts.addInlineMedia('audio', value.data);
	else if (type === 'file') {
		if (typeof value.file_data === 'string') facts.addInlineMedia('document', value.file_data);
		else facts.addRemoteMedia('document');
	} else if (type !== 'text' && type !== 'refusal') facts.unbounded.add(`content part ${type}`);
}

function walkImage(facts: CallFacts, url: string): void {
	if (url.startsWith('data:')) facts.addInlineMedia('image', url.slice(url.indexOf(',') + 1));
	else facts.addRemoteMedia('image');
}
