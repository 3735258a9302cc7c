/** Chat Completions: writes the tools that are offered, and which of them must be called. */

import type { Conversation, FreeformTool, ToolDefinition } from '../../protocol/conversation.ts';
import type { EncodedTool } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { asFunction } from '../freeform.ts';
import type { Losses } from '../losses.ts';
import type { WireNames } from '../wire-names.ts';
import type { VendorRules } from './vendors.ts';

export function encodeTools(
	conversation: Conversation,
	rules: VendorRules,
	losses: Losses,
	names: WireNames,
): { readonly fields: Fields; readonly known: ReadonlyMap<string, EncodedTool> } {
	const { tools, freeformTools = [] } = conversation;
	const known = new Map<string, EncodedTool>();
	const functions = [...tools, ...(rules.hasFreeformTools ? [] : freeformTools.map(asFunction))];
	const customs = rules.hasFreeformTools ? freeformTools : [];
	if (!rules.hasFreeformTools && freeformTools.some(({ grammar }) => grammar !== undefined)) {
		losses.add('tool-grammar', 'The grammar of a freeform tool is told in words; nothing holds the model to it.');
	}
	const offered = [...functions.map((tool) => asWireFunction(tool, names)), ...customs.map((tool) => asWireCustom(tool, names))];
	for (const [wire, name] of names.changed()) known.set(wire, { name, isFreeform: false });
	if (!rules.hasFreeformTools) for (const { name } of freeformTools) known.set(names.wire(name), { name, isFreeform: true });
	return { fields: offered.length === 0 ? {} : { tools: offered, ...encodeChoice(conversation, rules, losses, names) }, known };
}

function asWireFunction({ name, description, inputSchema, isStrict }: ToolDefinition, names: WireNames): Fields {
	const told = description === '' ? {} : { description };
	const strict = isStrict === undefined ? {} : { strict: isStrict };
	return { type: 'function', function: { name: names.wire(name), ...told, parameters: inputSchema, ...strict } };
}

function asWireCustom({ name, description, grammar }: FreeformTool, names: WireNames): Fields {
	const told = description === '' ? {} : { description };
	const format = grammar === undefined ? {} : { format: { type: 'grammar', grammar } };
	return { type: 'custom', custom: { name: names.wire(name), ...told, ...format } };
}

function encodeChoice(conversation: Conversation, rules: VendorRules, losses: Losses, names: WireNames): Fields {
	const { toolChoice, isParallelToolUseAllowed, freeformTools = [] } = conversation;
	if (!isParallelToolUseAllowed && !rules.hasParallelFlag) {
		losses.add('parallel-tools', 'The model may call several tools at once: the vendor has no word against it.');
	}
	const single = isParallelToolUseAllowed || !rules.hasParallelFlag ? {} : { parallel_tool_calls: false };
	if (toolChoice === 'auto') return single;
	if (toolChoice === 'none' || toolChoice === 'any') return { tool_choice: toolChoice === 'any' ? 'required' : 'none', ...single };
	const isCustom = rules.hasFreeformTools && freeformTools.some(({ name }) => name === toolChoice.name);
	const type = isCustom ? 'custom' : 'function';
	return { tool_choice: { type, [type]: { name: names.wire(toolChoice.name) } }, ...single };
}
