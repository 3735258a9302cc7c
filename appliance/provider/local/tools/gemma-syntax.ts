/** Gemma 4's own tool calls, `<|tool_call>call:name{key:value}<tool_call|>`, as its chat template writes them. */

import type { JsonValue } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import { gemmaCall, gemmaStyle } from '../grammar/gemma-style.ts';
import { GrammarText, literal, ROOT } from '../grammar/grammar-text.ts';
import type { TemplateMessage } from '../prompt/chat-template.ts';
import { plainSchema } from '../prompt/plain-schema.ts';
import { textOf } from '../prompt/template-messages.ts';
import { argumentRules, MAX_REPEATED_CALLS } from './argument-rules.ts';
import { GEMMA_QUOTE, readGemmaCalls } from './gemma-values.ts';
import type { ToolSyntax } from './tool-syntax.ts';

const OPEN = '<|tool_call>';
const CLOSE = '<tool_call|>';
const QUOTE = '<|"|>';

export const gemmaSyntax: ToolSyntax = {
	name: 'gemma',
	isNative: true,
	opener: OPEN,
	visibleTokens: { [QUOTE]: GEMMA_QUOTE, [CLOSE]: CLOSE },
	lead: `${OPEN}call:`,
	grammar(tools, mayRepeat, tokenOf) {
		const grammar = new GrammarText({ isLimited: false });
		const [open, close, quote] = [OPEN, CLOSE, QUOTE].map((text) => tokenNamed(text, tokenOf)) as [number, number, number];
		const rules = argumentRules(grammar, gemmaStyle(quote), tools).map(({ tool, rule }) => ({ name: tool.name, rule }));
		const call = grammar.add('call', gemmaCall(rules, close));
		const more = mayRepeat ? ` (<[${open}]> ${literal('call:')} ${call}){0,${MAX_REPEATED_CALLS}}` : '';
		grammar.define(ROOT, `${call}${more}`);
		return grammar.toString();
	},
	read: (text) => readGemmaCalls(text),
	templateTools: (tools) =>
		tools.map(({ name, description, inputSchema }) => ({
			type: 'function',
			function: { name, description, parameters: plainSchema(inputSchema) },
		})),
	systemBlock: () => '',
	turn(text, calls, results) {
		const messages: TemplateMessage[] = text === '' && calls.length > 0 ? [] : [{ role: 'assistant', content: text }];
		if (calls.length === 0) return messages;
		const responses = results.map(({ callId, content, isError }) => ({
			name: calls.find(({ id }) => id === callId)?.name ?? 'unknown',
			response: responseOf(textOf(content), isError),
		}));
		const toolCalls = calls.map(({ name, input }) => ({ type: 'function', function: { name, arguments: input } }));
		const tail = responses.length === 0 ? {} : { tool_responses: responses };
		messages.push({ role: 'assistant', content: '', tool_calls: toolCalls, ...tail });
		return messages;
	},
};

function responseOf(text: string, isError: boolean): JsonValue {
	return isError ? { error: text } : text;
}

function tokenNamed(text: string, tokenOf: (text: string) => number | undefined): number {
	const token = tokenOf(text);
	if (token === undefined) throw new Problem('local-failed', `The model's vocabulary lacks ${text}, which its chat template writes.`);
	return token;
}
