/** Messages: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import type { CallFacts } from '../call-facts.ts';
import { type CostField, countHeldInput, indexCostFields, isEmptyList, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const steering = 'changes the answer, not its bound';

const PLAIN: readonly CostField[] = [
	{ name: 'model', cost: 'clamped', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_tokens', cost: 'clamped', why: 'the output cap itself; thinking counts towards it' },
	{ name: 'messages', cost: 'bytes', why: 'media in them are priced by count', isUniqueNeeded: true },
	{ name: 'system', cost: 'bytes', why: 'part of the prompt', isUniqueNeeded: true },
	{ name: 'tools', cost: 'bytes', why: 'with a bound for the prompt that the vendor adds; see the tools below', isUniqueNeeded: true },
	{ name: 'tool_choice', cost: 'none', why: steering },
	{ name: 'metadata', cost: 'none', why: 'not part of the prompt' },
	{ name: 'stream', cost: 'none', why: 'only how the answer travels' },
	{ name: 'stop_sequences', cost: 'none', why: steering },
	{ name: 'temperature', cost: 'none', why: steering },
	{ name: 'top_p', cost: 'none', why: steering },
	{ name: 'top_k', cost: 'none', why: steering },
	{ name: 'thinking', cost: 'clamped', why: 'thinking tokens count towards max_tokens' },
	{
		name: 'cache_control',
		cost: 'priced',
		why: 'a write at its own rate, at the one-hour rate where any block asks for more than 5 minutes',
	},
	{
		name: 'output_config',
		cost: 'priced',
		why: 'a schema brings a prompt of the vendor, bounded at 1,000 tokens; effort stays inside max_tokens',
	},
	{ name: 'output_format', cost: 'priced', why: 'the older name of output_config.format' },
	{ name: 'diagnostics', cost: 'none', why: 'asks why a cache was missed; no tokens' },
	{ name: 'betas', cost: 'none', why: 'names features; their fields are in this list' },
	{ name: 'safeguards', cost: 'none', why: 'the vendor checks tool calls itself; no price is published for it' },
];

/** Fields of which only some values are bounded. */
const CHOOSY: readonly CostField[] = [
	{
		name: 'context_management',
		cost: 'none',
		why: 'clearing drops input, so its count bounds no later call; compaction runs the model once more, outside the usage of the answer',
		passes: 'clear_… edits',
		isBounded: (value) => value === null || editsOf(value)?.every(isKeepingAll) === true,
		count: countClearing,
	},
	{
		name: 'service_tier',
		cost: 'none',
		why: 'auto and standard_only bill at most the standard rate',
		passes: 'auto, standard_only',
		isBounded: isOneOf('auto', 'standard_only'),
	},
	{ name: 'speed', cost: 'none', why: 'fast bills a premium rate', passes: 'standard', isBounded: isOneOf('standard') },
	{ name: 'inference_geo', cost: 'none', why: 'a region bills a multiple', passes: 'global', isBounded: isOneOf('global') },
	{
		name: 'mcp_servers',
		cost: 'none',
		why: 'results of remote tools come in as input, in rounds without a bound',
		passes: 'an empty list',
		isBounded: isEmptyList,
	},
	{ name: 'container', cost: 'none', why: 'runs code and skills, billed by the hour', passes: 'null', isBounded: isOneOf() },
	{
		name: 'thread',
		cost: 'window',
		why: 'continues text that is held by the vendor and not in this body',
		passes: 'all',
		isBounded: isOneOf(),
		count: countHeldInput,
	},
	{ name: 'compaction', cost: 'none', why: 'a summary run of its own', passes: 'null', isBounded: isOneOf() },
	{
		name: 'fallbacks',
		cost: 'none',
		why: 'another model may answer, at its own price and with its own tokenizer',
		passes: 'an empty list',
		isBounded: isEmptyList,
	},
	{ name: 'billing_policy', cost: 'none', why: 'who pays is not ours to bound', passes: 'null', isBounded: isOneOf() },
];

export const COST_FIELDS = indexCostFields([...PLAIN, ...CHOOSY]);

function editsOf(value: unknown): readonly unknown[] | undefined {
	if (!isFields(value)) return undefined;
	const { edits = [] } = value;
	return Array.isArray(edits) ? edits : undefined;
}

function isClearing(edit: unknown): boolean {
	return isFields(edit) && typeof edit.type === 'string' && edit.type.startsWith('clear_');
}

/** What Claude Code sends on every call: nothing is left out. */
function isKeepingAll(edit: unknown): boolean {
	return isClearing(edit) && isFields(edit) && edit.keep === 'all';
}

function countClearing(value: unknown, facts: CallFacts): boolean {
	if (editsOf(value)?.every(isClearing) !== true) return false;
	facts.addClearing();
	return true;
}
