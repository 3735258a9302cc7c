/** Responses: reads the tools of a call, grouped ones under names of their own. */

import type { FreeformTool, JsonSchema, ToolDefinition } from '../../protocol/conversation.ts';
import { type Fields, isFields, readObjects, readString, textOf } from '../fields.ts';
import { typeOf } from './content-facts.ts';
import { innerName, TOOL_SEARCH } from './tool-shapes.ts';

export interface OfferedTools {
	readonly functions: readonly ToolDefinition[];
	readonly freeform: readonly FreeformTool[];
	/** Types of tools that only their vendor can run, or understand. */
	readonly vendor: readonly string[];
	/** Settings of tools that the internal form has no place for. */
	readonly others: readonly string[];
}

interface Named {
	readonly tool: Fields;
	readonly namespace?: string;
	/** A search has found it: it is offered, though Codex still writes that it is loaded later. */
	readonly isFound?: boolean;
}

/** The call's own tools, and those that a message or the client's search has brought in. */
export function readOfferedTools(fields: Fields, items: readonly Fields[]): OfferedTools {
	const broughtBy = (type: string) => items.filter((item) => typeOf(item) === type).flatMap((item) => flatten(item.tools));
	const found = broughtBy('tool_search_output').map((named) => ({ ...named, isFound: true }));
	const listed: readonly Named[] = [...flatten(fields.tools), ...broughtBy('additional_tools'), ...found];
	const allowed = allowedNames(fields.tool_choice);
	const known = new Map(listed.filter(isOffered).map((named) => [nameOf(named), named]));
	const offered = [...known.values()].filter((named) => allowed === undefined || allowed.has(named.tool.name));
	return {
		functions: offered.flatMap(readFunction),
		freeform: offered.flatMap(readFreeform),
		others: [...new Set(offered.flatMap(otherKeys))],
		vendor: listed.filter((named) => !isOffered(named) && !isDeferred(named)).map(({ tool }) => textOf(tool.type) ?? 'unnamed'),
	};
}

function flatten(tools: unknown): Named[] {
	if (!Array.isArray(tools)) return [];
	return readObjects(tools, 'tools').flatMap((tool) => {
		if (tool.type !== 'namespace' || !Array.isArray(tool.tools)) return [{ tool }];
		const namespace = readString(tool, 'name', 'tools name');
		return tool.tools.filter(isFields).map((one) => ({ tool: one, namespace }));
	});
}

const KNOWN_KEYS = new Set(['type', 'name', 'description', 'parameters', 'strict', 'format', 'defer_loading', 'execution']);

function otherKeys({ tool }: Named): string[] {
	return Object.keys(tool).filter((key) => !KNOWN_KEYS.has(key) && tool[key] !== null && tool[key] !== false);
}

/** A deferred tool is offered once a search has named it; that brings its definition along. */
const isDeferred = ({ tool, isFound }: Named): boolean => tool.defer_loading === true && isFound !== true;

function isOffered(named: Named): boolean {
	const { type, execution, parameters } = named.tool;
	if (type === 'tool_search') return execution === 'client' && isFields(parameters);
	return (type === 'function' || type === 'custom') && !isDeferred(named);
}

function nameOf({ tool, namespace }: Named): string {
	return tool.type === 'tool_search' ? TOOL_SEARCH : innerName(namespace, readString(tool, 'name', 'tools name'));
}

function readFunction(named: Named): ToolDefinition[] {
	const { tool } = named;
	if (tool.type === 'custom') return [];
	const schema = isFields(tool.parameters) ? tool.parameters : { type: 'object', properties: {} };
	return [
		{
			name: nameOf(named),
			description: textOf(tool.description) ?? '',
			inputSchema: schema as JsonSchema,
			...(typeof tool.strict === 'boolean' ? { isStrict: tool.strict } : {}),
		},
	];
}

function readFreeform(named: Named): FreeformTool[] {
	const { tool } = named;
	if (tool.type !== 'custom') return [];
	const { syntax, definition }: Fields = isFields(tool.format) ? tool.format : {};
	const grammar = typeof syntax === 'string' && typeof definition === 'string' ? { grammar: { syntax, definition } } : {};
	return [{ name: nameOf(named), description: textOf(tool.description) ?? '', ...grammar }];
}

/** Names of a tool choice of type `allowed_tools`; undefined when all are allowed. */
function allowedNames(choice: unknown): ReadonlySet<unknown> | undefined {
	if (!isFields(choice) || choice.type !== 'allowed_tools' || !Array.isArray(choice.tools)) return undefined;
	return new Set(choice.tools.map((tool) => (isFields(tool) ? tool.name : undefined)));
}
