/** Responses: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import { indexCostFields, isEmptyList, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const inline = 'inline text: one byte bounds one token';
const steering = 'changes the answer, not its bound';
const label = 'not part of the prompt';
const isStandard = isOneOf(undefined, 'standard');
const held = 'text that is held by the vendor and not in this body';

export const COST_FIELDS = indexCostFields([
	{ name: 'model', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_output_tokens', why: 'the output cap itself; reasoning counts towards it' },
	{ name: 'input', why: `${inline}; items whose text lies elsewhere are named by their type`, isUniqueNeeded: true },
	{ name: 'instructions', why: inline, isUniqueNeeded: true },
	{ name: 'tools', why: `${inline}; tools that the vendor executes are named by their type`, isUniqueNeeded: true },
	{ name: 'tool_choice', why: steering },
	{ name: 'parallel_tool_calls', why: steering },
	{ name: 'max_tool_calls', why: 'bounds the calls of tools that the vendor executes' },
	{ name: 'stream', why: 'only how the answer travels' },
	{ name: 'stream_options', why: 'only how the answer travels' },
	{ name: 'temperature', why: steering },
	{ name: 'top_p', why: steering },
	{ name: 'top_logprobs', why: 'said about tokens that are billed once' },
	{ name: 'text', why: 'a schema is inline text; verbosity stays inside the output cap' },
	{ name: 'include', why: 'says more about an answer that is billed once' },
	{ name: 'truncation', why: 'drops input, or refuses the call' },
	{ name: 'image', why: 'compresses images or leaves them as they are' },
	{ name: 'metadata', why: label },
	{ name: 'client_metadata', why: label },
	{ name: 'user', why: label },
	{ name: 'safety_identifier', why: label },
	{ name: 'access_programs', why: label },
	{ name: 'store', why: 'kept by the vendor without a price' },
	{ name: 'generate', why: 'false only reads the prompt' },
	{ name: 'prompt_cache_key', why: 'only where the cache is looked up' },
	{ name: 'prompt_cache_options', why: 'a cache write has its own rate in the price, by how long it is kept' },
	{ name: 'prompt_cache_retention', why: 'a longer kept cache counts as a long write' },
	{
		name: 'reasoning',
		why: 'reasoning counts towards the output cap; other modes than the standard one run the model more than once',
		isBounded: (value) => value === null || (isFields(value) && isStandard(value.mode)),
	},
	{ name: 'service_tier', why: 'flex, priority and the fast tiers have other prices', isBounded: isOneOf('auto', 'default') },
	{ name: 'background', why: 'runs on when the caller is gone', isBounded: isOneOf(false) },
	{ name: 'previous_response_id', why: held, isBounded: isOneOf() },
	{ name: 'conversation', why: held, isBounded: isOneOf() },
	{ name: 'prompt', why: held, isBounded: isOneOf() },
	{ name: 'context_management', why: 'compaction runs the model once more, inside the call', isBounded: isEmptyList },
	{ name: 'moderation', why: 'another model reads input and output', isBounded: isOneOf() },
]);
