/** Responses: tools that the wire does not call by their name alone, and the names that the internal form gives them. */

import type { ToolShape } from '../../protocol/call.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

/** The client's search for tools, which has no name on the wire. */
export const TOOL_SEARCH = 'tool_search';

const BRINGS_TOOLS: ReadonlySet<unknown> = new Set(['additional_tools', 'tool_search_output']);

/** Grouped tools may share names with tools of other groups; the two together fit what all vendors take for a name. */
export function innerName(namespace: unknown, name: string): string {
	return typeof namespace === 'string' && namespace !== '' ? `${namespace}__${name}` : name;
}

/**
 * The call's own tools, and those that its items have brought in; undefined where all are called by their names.
 * @param items of the call's input
 */
export function toolShapes(tools: unknown, items: readonly Fields[]): Readonly<Record<string, ToolShape>> | undefined {
	const lists = [tools, ...items.filter(({ type }) => BRINGS_TOOLS.has(type)).map((item) => item.tools)];
	const shapes = lists
		.flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
		.filter(isFields)
		.flatMap(shapesOf);
	return shapes.length === 0 ? undefined : Object.fromEntries(shapes);
}

function shapesOf(tool: Fields): (readonly [string, ToolShape])[] {
	if (tool.type === 'tool_search') return [[TOOL_SEARCH, { type: 'tool-search' }]];
	const namespace = textOf(tool.name);
	if (tool.type !== 'namespace' || namespace === undefined || !Array.isArray(tool.tools)) return [];
	return tool.tools.filter(isFields).flatMap((one) => {
		const name = textOf(one.name);
		return name === undefined ? [] : [[innerName(namespace, name), { type: 'grouped' as const, namespace, name }] as const];
	});
}

/** Names come from a model, so that only the call's own count. */
export function shapeOf(shapes: Readonly<Record<string, ToolShape>> | undefined, name: string): ToolShape | undefined {
	return shapes !== undefined && Object.hasOwn(shapes, name) ? shapes[name] : undefined;
}
