/** Messages: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import { indexCostFields, isEmptyList, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const inline = 'inline text: one byte bounds one token';
const steering = 'changes the answer, not its bound';

export const COST_FIELDS = indexCostFields([
	{ name: 'model', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_tokens', why: 'the output cap itself; thinking counts towards it' },
	{ name: 'messages', why: inline, isUniqueNeeded: true },
	{ name: 'system', why: inline, isUniqueNeeded: true },
	{ name: 'tools', why: `${inline}; server tools are named by their type`, isUniqueNeeded: true },
	{ name: 'tool_choice', why: steering },
	{ name: 'metadata', why: 'not part of the prompt' },
	{ name: 'stream', why: 'only how the answer travels' },
	{ name: 'stop_sequences', why: steering },
	{ name: 'temperature', why: steering },
	{ name: 'top_p', why: steering },
	{ name: 'top_k', why: steering },
	{ name: 'thinking', why: 'thinking tokens count towards max_tokens' },
	{ name: 'cache_control', why: 'a cache write has its own rate in the price' },
	{ name: 'output_config', why: 'effort, format and task budget stay inside max_tokens' },
	{ name: 'output_format', why: 'the older name of output_config.format' },
	{ name: 'diagnostics', why: 'asks why a cache was missed; no tokens' },
	{ name: 'betas', why: 'names features; their fields are in this list' },
	{ name: 'safeguards', why: 'the vendor checks tool calls itself; no price is published for it' },
	{
		name: 'context_management',
		why: 'clearing drops input; compaction runs the model once more, outside the usage of the answer',
		isBounded: (value) =>
			value === null || (isFields(value) && (value.edits === undefined || (Array.isArray(value.edits) && value.edits.every(isClearing)))),
	},
	{ name: 'service_tier', why: 'auto and standard_only bill the standard rate', isBounded: isOneOf('auto', 'standard_only') },
	{ name: 'speed', why: 'fast bills a premium rate', isBounded: isOneOf('standard') },
	{ name: 'inference_geo', why: 'a region bills a multiple', isBounded: isOneOf('global') },
	{ name: 'mcp_servers', why: 'results of remote tools come in as input, in rounds', isBounded: isEmptyList },
	{ name: 'container', why: 'runs code, billed by the hour', isBounded: isOneOf() },
	{ name: 'thread', why: 'continues text that is held by the vendor and not in this body', isBounded: isOneOf() },
	{ name: 'compaction', why: 'a summary run of its own', isBounded: isOneOf() },
	{ name: 'fallbacks', why: 'another model may answer, at its own price', isBounded: isEmptyList },
	{ name: 'billing_policy', why: 'who pays is not ours to bound', isBounded: isOneOf() },
]);

function isClearing(edit: unknown): boolean {
	return isFields(edit) && typeof edit.type === 'string' && edit.type.startsWith('clear_');
}
