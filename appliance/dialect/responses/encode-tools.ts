/** Responses: writes the tools that are offered, and which of them must be called. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { EncodedTool } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import type { WireNames } from '../wire-names.ts';

export function encodeTools(
	conversation: Conversation,
	names: WireNames,
): { readonly fields: Fields; readonly known: ReadonlyMap<string, EncodedTool> } {
	const { tools, freeformTools = [] } = conversation;
	const told = (description: string) => (description === '' ? {} : { description });
	const functions = tools.map(({ name, description, inputSchema, isStrict = false }) => ({
		type: 'function',
		name: names.wire(name),
		...told(description),
		parameters: inputSchema,
		// Strict is what the vendor takes when nothing is said.
		strict: isStrict,
	}));
	const customs = freeformTools.map(({ name, description, grammar }) => ({
		type: 'custom',
		name: names.wire(name),
		...told(description),
		...(grammar === undefined ? {} : { format: { type: 'grammar', ...grammar } }),
	}));
	const isFreeform = (name: string) => freeformTools.some((tool) => tool.name === name);
	const known = new Map(names.changed().map(([wire, name]) => [wire, { name, isFreeform: isFreeform(name) }]));
	const offered = [...functions, ...customs];
	return { fields: offered.length === 0 ? {} : { tools: offered, ...encodeChoice(conversation, names) }, known };
}

function encodeChoice({ toolChoice, isParallelToolUseAllowed, freeformTools = [] }: Conversation, names: WireNames): Fields {
	const single = isParallelToolUseAllowed ? {} : { parallel_tool_calls: false };
	if (toolChoice === 'auto') return single;
	if (toolChoice === 'none' || toolChoice === 'any') return { tool_choice: toolChoice === 'any' ? 'required' : 'none', ...single };
	const type = freeformTools.some(({ name }) => name === toolChoice.name) ? 'custom' : 'function';
	return { tool_choice: { type, name: names.wire(toolChoice.name) }, ...single };
}
