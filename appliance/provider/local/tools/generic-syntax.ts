/** Tool calls for models whose template knows none: a block in the system text, and calls as tagged JSON. */

import type { JsonValue, ToolDefinition } from '../../../protocol/conversation.ts';
import { GrammarText, literal, ROOT } from '../grammar/grammar-text.ts';
import { jsonStyle, spaced } from '../grammar/json-style.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import type { TemplateMessage } from '../prompt/chat-template.ts';
import { textOf } from '../prompt/template-messages.ts';
import { argumentRules, MAX_REPEATED_CALLS } from './argument-rules.ts';
import type { ReadCall, ToolSyntax } from './tool-syntax.ts';

const OPEN = '<tool_call>';
const CLOSE = '</tool_call>';

export const genericSyntax: ToolSyntax = {
	name: 'generic',
	isNative: false,
	opener: OPEN,
	visibleTokens: {},
	lead: `${OPEN}\n{"name":`,
	grammar(tools, mayRepeat) {
		const grammar = new GrammarText({ isLimited: false });
		const calls = argumentRules(grammar, jsonStyle, tools).map(({ tool, rule }) =>
			grammar.add('call', `${literal(` ${JSON.stringify(tool.name)}, "arguments": `)} ${rule}`),
		);
		const body = grammar.add('body', `(${calls.join(' | ')}) ${literal(`}\n${CLOSE}`)}`);
		const more = mayRepeat ? ` (${literal(`\n${OPEN}\n{"name":`)} ${body}){0,${MAX_REPEATED_CALLS}}` : '';
		grammar.define(ROOT, `${body}${more}`);
		return grammar.toString();
	},
	read: (text) => readTaggedJson(`{"name":${text}`),
	templateTools: () => undefined,
	systemBlock(_conversation, tools) {
		if (tools.length === 0) return '';
		// Placeholders, no example of one tool: a small model repeats an example whatever it is asked.
		const form = '{"name": "<tool name>", "arguments": {"<parameter>": <value>}}';
		return ['You can call these tools:', ...tools.map(describeTool), 'To call a tool, answer with:', `${OPEN}\n${form}\n${CLOSE}`].join(
			'\n',
		);
	},
	turn(text, calls, results) {
		const written = calls.map(({ name, input }) => `${OPEN}\n${spaced({ name, arguments: input })}\n${CLOSE}`);
		const messages: TemplateMessage[] = [{ role: 'assistant', content: [text, ...written].filter(Boolean).join('\n') }];
		if (results.length > 0) {
			const blocks = results.map(
				({ content, isError }) => `<tool_response>\n${isError ? 'Error: ' : ''}${textOf(content)}\n</tool_response>`,
			);
			messages.push({ role: 'user', content: blocks.join('\n') });
		}
		return messages;
	},
};

function readTaggedJson(text: string): readonly ReadCall[] | undefined {
	const calls: ReadCall[] = [];
	for (const piece of text.split(CLOSE)) {
		const json = piece.replace(OPEN, '').trim();
		if (json === '') continue;
		const call = parseCall(json);
		if (call === undefined) return undefined;
		calls.push(call);
	}
	return text.trimEnd().endsWith(CLOSE) && calls.length > 0 ? calls : undefined;
}

function parseCall(json: string): ReadCall | undefined {
	try {
		const value = JSON.parse(json) as JsonValue;
		if (!isSchema(value) || typeof value.name !== 'string') return undefined;
		return { name: value.name, input: value.arguments ?? {} };
	} catch {
		return undefined;
	}
}

/** One line a tool: a small model loses itself in a full JSON schema. */
function describeTool({ name, description, inputSchema }: ToolDefinition): string {
	const properties = isSchema(inputSchema.properties) ? inputSchema.properties : {};
	const required = new Set(Array.isArray(inputSchema.required) ? inputSchema.required : []);
	const parameters = Object.entries(properties).map(([key, schema]) => `${key}${required.has(key) ? '' : '?'}: ${typeName(schema)}`);
	return `- ${name}(${parameters.join(', ')}): ${firstSentence(description)}`;
}

function typeName(schema: JsonValue): string {
	if (!isSchema(schema)) return 'any';
	if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join('|');
	return typeof schema.type === 'string' ? schema.type : 'any';
}

function firstSentence(text: string): string {
	const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? '';
	return /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line.slice(0, 200);
}
