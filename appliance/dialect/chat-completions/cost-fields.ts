/** Chat Completions: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import type { CallFacts } from '../call-facts.ts';
import { type CostField, countHeldInput, indexCostFields, isEmptyList, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const steering = 'changes the answer, not its bound';
const label = 'not part of the prompt';

const PLAIN: readonly CostField[] = [
	{ name: 'model', cost: 'clamped', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_completion_tokens', cost: 'clamped', why: 'the output cap itself; reasoning counts towards it' },
	{ name: 'max_tokens', cost: 'clamped', why: 'the older name of the output cap' },
	{ name: 'messages', cost: 'bytes', why: 'media in them are priced by count', isUniqueNeeded: true },
	{
		name: 'tools',
		cost: 'bytes',
		why: 'with a bound for the prompt that the vendor adds; refused where the vendor executes one',
		isUniqueNeeded: true,
	},
	{ name: 'tool_choice', cost: 'none', why: steering },
	{ name: 'parallel_tool_calls', cost: 'none', why: steering },
	{ name: 'functions', cost: 'bytes', why: 'the older name of tools', isUniqueNeeded: true },
	{ name: 'function_call', cost: 'none', why: steering },
	{ name: 'stream', cost: 'none', why: 'only how the answer travels' },
	{ name: 'stream_options', cost: 'none', why: 'only how the answer travels; the box asks for the usage' },
	{ name: 'stop', cost: 'none', why: steering },
	{ name: 'temperature', cost: 'none', why: steering },
	{ name: 'top_p', cost: 'none', why: steering },
	{ name: 'seed', cost: 'none', why: steering },
	{ name: 'frequency_penalty', cost: 'none', why: steering },
	{ name: 'presence_penalty', cost: 'none', why: steering },
	{ name: 'logit_bias', cost: 'none', why: steering },
	{ name: 'logprobs', cost: 'none', why: 'said about tokens that are billed once' },
	{ name: 'top_logprobs', cost: 'none', why: 'said about tokens that are billed once' },
	{ name: 'response_format', cost: 'priced', why: 'a schema is inline text and brings a prompt of the vendor, bounded at 1,000 tokens' },
	{ name: 'reasoning_effort', cost: 'clamped', why: 'reasoning counts towards the output cap' },
	{ name: 'thinking', cost: 'clamped', why: "another vendor's switch for reasoning, which counts towards the output cap" },
	{ name: 'verbosity', cost: 'none', why: steering },
	{ name: 'metadata', cost: 'none', why: label },
	{ name: 'user', cost: 'none', why: label },
	{ name: 'safety_identifier', cost: 'none', why: label },
	{ name: 'store', cost: 'none', why: 'kept by the vendor without a price' },
	{ name: 'prompt_cache_key', cost: 'none', why: 'only where the cache is looked up' },
	{ name: 'prompt_cache_options', cost: 'priced', why: 'a cache write has its own rate in the price' },
];

/** Fields of which only some values are bounded. */
const CHOOSY: readonly CostField[] = [
	{
		name: 'n',
		cost: 'priced',
		why: 'every further choice reserves the output cap once more',
		passes: '1 to 128',
		isBounded: isOneOf(1),
		count: countChoices,
	},
	{ name: 'best_of', cost: 'none', why: 'every candidate bills its own output', passes: '1', isBounded: isOneOf(1) },
	{
		name: 'prompt_cache_retention',
		cost: 'none',
		why: 'a longer kept cache may bill its writes higher',
		passes: 'in_memory',
		isBounded: isOneOf('in_memory'),
	},
	{
		name: 'service_tier',
		cost: 'none',
		why: "auto is the project's own tier, which the configured price stands for; flex bills less; priority bills more",
		passes: 'auto, default, flex',
		isBounded: isOneOf('auto', 'default', 'flex'),
	},
	{
		name: 'modalities',
		cost: 'none',
		why: 'audio output has another price',
		passes: 'text',
		isBounded: (value) => value === null || (Array.isArray(value) && value.every((entry) => entry === 'text')),
	},
	{ name: 'audio', cost: 'none', why: 'audio output has another price', passes: 'null', isBounded: isOneOf() },
	{
		name: 'prediction',
		cost: 'none',
		why: 'rejected predicted tokens are billed as output, beyond the answer',
		passes: 'null',
		isBounded: isOneOf(),
	},
	{
		name: 'web_search_options',
		cost: 'none',
		why: 'a fee for each search and its results as input, without a bound on searches',
		passes: 'null',
		isBounded: isOneOf(),
	},
	{ name: 'moderation', cost: 'none', why: 'another model reads input and output', passes: 'null', isBounded: isOneOf() },
	{
		name: 'previous_response_id',
		cost: 'window',
		why: 'text that is held by the vendor and not in this body',
		passes: 'all',
		isBounded: isOneOf(),
		count: countHeldInput,
	},
	{
		name: 'background',
		cost: 'none',
		why: 'runs on when the caller is gone, and never tells its usage',
		passes: 'false',
		isBounded: isOneOf(false),
	},
	{
		name: 'mcp_servers',
		cost: 'none',
		why: 'results of remote tools come in as input, in rounds without a bound',
		passes: 'an empty list',
		isBounded: isEmptyList,
	},
];

export const COST_FIELDS = indexCostFields([...PLAIN, ...CHOOSY]);

/** The vendor's own most. */
const MOST_CHOICES = 128;

function countChoices(value: unknown, facts: CallFacts): boolean {
	if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > MOST_CHOICES) return false;
	facts.addChoices(value);
	return true;
}

/** What asks for a stream's usage, inside `stream_options`. */
export function hasUsageRequest(streamOptions: unknown): boolean {
	return isFields(streamOptions) && streamOptions.include_usage === true;
}
