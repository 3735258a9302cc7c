/** Tagged JSON calls for models whose own template writes them so: the tools are then declared by the template. */

import type { TemplateMessage } from '../prompt/chat-template.ts';
import { textOf } from '../prompt/template-messages.ts';
import { genericSyntax } from './generic-syntax.ts';
import type { ToolSyntax } from './tool-syntax.ts';

export const taggedSyntax: ToolSyntax = {
	...genericSyntax,
	name: 'tagged',
	isNative: true,
	visibleTokens: { '</tool_call>': '</tool_call>' },
	templateTools: (tools) =>
		tools.map(({ name, description, inputSchema }) => ({ type: 'function', function: { name, description, parameters: inputSchema } })),
	systemBlock: () => '',
	turn(text, calls, results) {
		const toolCalls = calls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: input } }));
		const messages: TemplateMessage[] = [{ role: 'assistant', content: text, ...(calls.length === 0 ? {} : { tool_calls: toolCalls }) }];
		for (const { callId, content, isError } of results) {
			const name = calls.find(({ id }) => id === callId)?.name ?? '';
			messages.push({ role: 'tool', tool_call_id: callId, name, content: `${isError ? 'Error: ' : ''}${textOf(content)}` });
		}
		return messages;
	},
};
