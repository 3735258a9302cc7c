/** Chat Completions: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import { indexCostFields, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const inline = 'inline text: one byte bounds one token';
const steering = 'changes the answer, not its bound';
const label = 'not part of the prompt';

export const COST_FIELDS = indexCostFields([
	{ name: 'model', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_completion_tokens', why: 'the output cap itself; reasoning counts towards it' },
	{ name: 'max_tokens', why: 'the older name of the output cap' },
	{ name: 'messages', why: inline, isUniqueNeeded: true },
	{ name: 'tools', why: `${inline}; tools that the vendor executes are named by their type`, isUniqueNeeded: true },
	{ name: 'tool_choice', why: steering },
	{ name: 'parallel_tool_calls', why: steering },
	{ name: 'functions', why: inline, isUniqueNeeded: true },
	{ name: 'function_call', why: steering },
	{ name: 'stream', why: 'only how the answer travels' },
	{ name: 'stream_options', why: 'only how the answer travels' },
	{ name: 'stop', why: steering },
	{ name: 'temperature', why: steering },
	{ name: 'top_p', why: steering },
	{ name: 'seed', why: steering },
	{ name: 'frequency_penalty', why: steering },
	{ name: 'presence_penalty', why: steering },
	{ name: 'logit_bias', why: steering },
	{ name: 'logprobs', why: 'said about tokens that are billed once' },
	{ name: 'top_logprobs', why: 'said about tokens that are billed once' },
	{ name: 'response_format', why: 'a schema is inline text' },
	{ name: 'reasoning_effort', why: 'reasoning counts towards the output cap' },
	{ name: 'verbosity', why: steering },
	{ name: 'metadata', why: label },
	{ name: 'user', why: label },
	{ name: 'safety_identifier', why: label },
	{ name: 'store', why: 'kept by the vendor without a price' },
	{ name: 'prompt_cache_key', why: 'only where the cache is looked up' },
	{ name: 'prompt_cache_options', why: 'a cache write has its own rate in the price' },
	{
		name: 'prompt_cache_retention',
		why: 'a longer kept cache may bill its writes higher',
		isBounded: isOneOf('in_memory'),
	},
	{ name: 'n', why: 'every further choice bills its own output', isBounded: isOneOf(1) },
	{ name: 'best_of', why: 'every candidate bills its own output', isBounded: isOneOf(1) },
	{ name: 'service_tier', why: 'flex and priority have other prices', isBounded: isOneOf('auto', 'default') },
	{
		name: 'modalities',
		why: 'audio output has another price',
		isBounded: (value) => value === null || (Array.isArray(value) && value.every((entry) => entry === 'text')),
	},
	{ name: 'audio', why: 'audio output has another price', isBounded: isOneOf() },
	{ name: 'prediction', why: 'rejected predicted tokens are billed as output', isBounded: isOneOf() },
	{ name: 'web_search_options', why: 'a fee for each search, and its results as input', isBounded: isOneOf() },
	{ name: 'moderation', why: 'another model reads input and output', isBounded: isOneOf() },
	{ name: 'previous_response_id', why: 'text that is held by the vendor and not in this body', isBounded: isOneOf() },
	{ name: 'background', why: 'runs on when the caller is gone', isBounded: isOneOf(false) },
]);

/** What asks for a stream's usage, inside `stream_options`. */
export function hasUsageRequest(streamOptions: unknown): boolean {
	return isFields(streamOptions) && streamOptions.include_usage === true;
}
