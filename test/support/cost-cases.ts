/** Values of every field and tool that can cost more than its bytes, and what the box makes of each on a key with a ceiling. */

import type { CallSize } from '../../appliance/protocol/call.ts';
import type { DialectName } from '../../appliance/protocol/words.ts';

export interface CostCase {
	/** A top-level field of the body. */
	readonly field: string;
	readonly value: unknown;
	/** `refused`, or what the call's size says of it. */
	readonly becomes: 'refused' | Partial<CallSize>;
	/** As the refusal names it; default the field. */
	readonly named?: string;
}

const held = { hasHeldInput: true } as const;
const search = { type: 'web_search_20250305', name: 'web_search' };
const fetch = { type: 'web_fetch_20250910', name: 'web_fetch' };

const refusedTool = (type: string, named = `tools: ${type}`): CostCase => ({
	field: 'tools',
	value: [{ type, name: 'x', function: { name: 'x' } }],
	becomes: 'refused',
	named,
});

export const COST_CASES: Readonly<Partial<Record<DialectName, readonly CostCase[]>>> = {
	anthropic: [
		{ field: 'context_management', value: { edits: [{ type: 'compact_20260112' }] }, becomes: 'refused' },
		{ field: 'context_management', value: { edits: [{ type: 'clear_tool_uses_20250919' }] }, becomes: { mayDropInput: true } },
		{ field: 'service_tier', value: 'priority', becomes: 'refused' },
		{ field: 'speed', value: 'fast', becomes: 'refused' },
		{ field: 'inference_geo', value: 'us', becomes: 'refused' },
		{ field: 'mcp_servers', value: [{ type: 'url', url: 'https://example.test', name: 'x' }], becomes: 'refused' },
		{ field: 'container', value: 'c-1', becomes: 'refused' },
		{ field: 'container', value: { skills: [{ type: 'anthropic', skill_id: 'pdf' }] }, becomes: 'refused' },
		{ field: 'thread', value: { type: 'continue', previous_message_id: 'm' }, becomes: held },
		{ field: 'thread', value: 7, becomes: 'refused' },
		{ field: 'compaction', value: { type: 'summarize' }, becomes: 'refused' },
		{ field: 'fallbacks', value: 'default', becomes: 'refused' },
		{ field: 'billing_policy', value: { type: 'billing_policy' }, becomes: 'refused' },
		{ field: 'cache_control', value: { type: 'ephemeral', ttl: '1h' }, becomes: { hasLongCacheWrite: true } },
		{ field: 'output_config', value: { format: { type: 'json_schema', schema: {} } }, becomes: { addedTokens: 1_000 } },
		{ field: 'tools', value: [{ type: 'bash_20250124', name: 'bash' }], becomes: { addedTokens: 2_100 } },
		{ field: 'tools', value: [{ ...search, max_uses: 2 }], becomes: { serverToolUses: { 'web-search': 2 } } },
		{ field: 'tools', value: [{ ...fetch, max_uses: 1 }], becomes: { serverToolUses: { 'web-fetch': 1 } } },
		{ field: 'tools', value: [search], becomes: 'refused', named: 'tools: web_search_20250305 without max_uses' },
		{ field: 'tools', value: [{ ...fetch, max_uses: 1e9 }], becomes: 'refused', named: 'tools: web_fetch_20250910 without max_uses' },
		refusedTool('web_search_20260209'),
		refusedTool('code_execution_20250825'),
		refusedTool('tool_search_tool_regex_20251119'),
		refusedTool('mcp_toolset'),
		refusedTool('advisor_20260301'),
		refusedTool('a_tool_of_tomorrow'),
	],
	'chat-completions': [
		{ field: 'n', value: 3, becomes: { choiceCount: 3 } },
		{ field: 'n', value: 129, becomes: 'refused' },
		{ field: 'n', value: 1.5, becomes: 'refused' },
		{ field: 'best_of', value: 2, becomes: 'refused' },
		{ field: 'service_tier', value: 'priority', becomes: 'refused' },
		{ field: 'modalities', value: ['text', 'audio'], becomes: 'refused' },
		{ field: 'audio', value: { voice: 'x', format: 'wav' }, becomes: 'refused' },
		{ field: 'prediction', value: { type: 'content', content: 'x' }, becomes: 'refused' },
		{ field: 'web_search_options', value: {}, becomes: 'refused' },
		{ field: 'moderation', value: { model: 'm' }, becomes: 'refused' },
		{ field: 'previous_response_id', value: 'r', becomes: held },
		{ field: 'previous_response_id', value: 7, becomes: 'refused' },
		{ field: 'background', value: true, becomes: 'refused' },
		{ field: 'mcp_servers', value: [{ name: 'x' }], becomes: 'refused' },
		{ field: 'prompt_cache_retention', value: '24h', becomes: 'refused' },
		{ field: 'response_format', value: { type: 'json_schema', json_schema: { schema: {} } }, becomes: { addedTokens: 1_000 } },
		refusedTool('web_search'),
		refusedTool('code_interpreter'),
	],
	responses: [
		{ field: 'reasoning', value: { mode: 'pro' }, becomes: 'refused' },
		{ field: 'truncation', value: 'auto', becomes: { mayDropInput: true } },
		{ field: 'truncation', value: 'sometimes', becomes: 'refused' },
		{ field: 'service_tier', value: 'priority', becomes: 'refused' },
		{ field: 'background', value: true, becomes: 'refused' },
		{ field: 'previous_response_id', value: 'r', becomes: held },
		{ field: 'conversation', value: { id: 'c' }, becomes: held },
		{ field: 'prompt', value: { id: 'p' }, becomes: 'refused' },
		{ field: 'context_management', value: [{ type: 'compaction' }], becomes: 'refused' },
		{ field: 'moderation', value: { model: 'm' }, becomes: 'refused' },
		{ field: 'text', value: { format: { type: 'json_schema', name: 'x', schema: {} } }, becomes: { addedTokens: 1_000 } },
		{ field: 'prompt_cache_retention', value: '24h', becomes: { hasLongCacheWrite: true } },
		refusedTool('web_search'),
		refusedTool('file_search'),
		refusedTool('code_interpreter'),
		refusedTool('mcp'),
		refusedTool('image_generation'),
	],
};
