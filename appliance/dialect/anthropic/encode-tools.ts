/** Messages: writes the tools that are offered, and which of them must be called. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { EncodedTool } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { asFunction } from '../freeform.ts';
import type { Losses } from '../losses.ts';
import type { WireNames } from '../wire-names.ts';
import { cacheField } from './wire.ts';

export function encodeTools(
	conversation: Conversation,
	losses: Losses,
	names: WireNames,
): { readonly fields: Fields; readonly known: ReadonlyMap<string, EncodedTool> } {
	const { tools, freeformTools = [] } = conversation;
	const known = new Map<string, EncodedTool>();
	if (freeformTools.some(({ grammar }) => grammar !== undefined)) {
		losses.add('tool-grammar', 'The grammar of a freeform tool is told in words; nothing holds the model to it.');
	}
	const offered = [...tools, ...freeformTools.map(asFunction)].map((tool) => {
		const name = names.wire(tool.name);
		if (name !== tool.name) known.set(name, { name: tool.name, isFreeform: false });
		return {
			name,
			...(tool.description === '' ? {} : { description: tool.description }),
			input_schema: tool.inputSchema.type === undefined ? { type: 'object', ...tool.inputSchema } : tool.inputSchema,
			...(tool.isStrict === true ? { strict: true } : {}),
			...cacheField(tool.cache),
		};
	});
	for (const { name } of freeformTools) known.set(names.wire(name), { name, isFreeform: true });
	return { fields: offered.length === 0 ? {} : { tools: offered, ...encodeChoice(conversation, names) }, known };
}

function encodeChoice({ toolChoice, isParallelToolUseAllowed }: Conversation, names: WireNames): Fields {
	const single = isParallelToolUseAllowed || toolChoice === 'none' ? {} : { disable_parallel_tool_use: true };
	if (typeof toolChoice === 'object') return { tool_choice: { type: 'tool', name: names.wire(toolChoice.name), ...single } };
	if (toolChoice === 'auto' && isParallelToolUseAllowed) return {};
	return { tool_choice: { type: toolChoice, ...single } };
}
