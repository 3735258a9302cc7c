/** Messages: the tools that the vendor executes, and what bounds each. Source: the vendor's tool pages, 2026-11. */

import type { ServerTool } from '../../protocol/words.ts';
import type { CallFacts } from '../call-facts.ts';
import type { Cost } from '../cost-fields.ts';
import type { Fields } from '../fields.ts';

interface VendorTool {
	readonly name: string;
	readonly pattern: RegExp;
	readonly cost: Cost | 'refused';
	readonly why: string;
	/** Priced by the use, where `max_uses` bounds it. */
	readonly counted?: ServerTool;
}

/** Read from the top; a type that none of them matches is refused. */
export const VENDOR_TOOLS: readonly VendorTool[] = [
	{
		name: 'bash, text_editor, computer, memory',
		pattern: /^(?:bash|text_editor|computer|memory)_\d{8}$/,
		cost: 'priced',
		why: "executed by the client; the vendor's prompt for one is bounded at 1,500 tokens",
	},
	{
		name: 'web_search_20250305',
		pattern: /^web_search_20250305$/,
		cost: 'priced',
		why: 'with max_uses: a fee a search, and results that the window bounds in each of 10 rounds; refused without max_uses',
		counted: 'web-search',
	},
	{
		name: 'web_fetch_20250910',
		pattern: /^web_fetch_20250910$/,
		cost: 'priced',
		why: 'with max_uses: no fee, and contents that the window bounds in each of 10 rounds; refused without max_uses',
		counted: 'web-fetch',
	},
	{
		name: 'later web_search and web_fetch',
		pattern: /^web_(?:search|fetch)_\d{8}$/,
		cost: 'refused',
		why: 'they filter results by running code, in rounds that max_uses does not bound',
	},
	{ name: 'code_execution', pattern: /^code_execution_\d{8}$/, cost: 'refused', why: 'container hours, and rounds without a bound' },
	{ name: 'tool_search', pattern: /^tool_search_tool_/, cost: 'refused', why: 'rounds without a bound' },
	{ name: 'mcp_toolset', pattern: /^mcp_toolset$/, cost: 'refused', why: 'results of remote tools, in rounds without a bound' },
	{ name: 'advisor', pattern: /^advisor_\d{8}$/, cost: 'refused', why: 'another model answers in between, at its own price' },
];

/** A use more than this is no bound worth the name. */
const MOST_USES = 100;

/** Notes a tool that the vendor executes: counted where its uses are bounded, named for the refusal where not. */
export function readServerTool(facts: CallFacts, type: string, tool: Fields): void {
	const counted = VENDOR_TOOLS.find(({ pattern }) => pattern.test(type))?.counted;
	const uses = tool.max_uses;
	const isBounded = typeof uses === 'number' && Number.isSafeInteger(uses) && uses >= 0 && uses <= MOST_USES;
	if (counted !== undefined && isBounded) facts.addCountedTool(type, counted, uses);
	else facts.addServerTool(type, counted === undefined ? `tools: ${type}` : `tools: ${type} without max_uses`);
}

export const isClientTool = (type: string): boolean => VENDOR_TOOLS[0]?.pattern.test(type) === true;
