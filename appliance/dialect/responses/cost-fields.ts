/** Responses: the top-level fields, and what each can cost. Source: the vendor's API reference and SDK types, 2026-11. */

import type { CallFacts } from '../call-facts.ts';
import { type CostField, countHeldInput, indexCostFields, isEmptyList, isOneOf } from '../cost-fields.ts';
import { isFields } from '../fields.ts';

const steering = 'changes the answer, not its bound';
const label = 'not part of the prompt';
const held = 'text that is held by the vendor and not in this body';
const isStandard = isOneOf(undefined, 'standard');

const PLAIN: readonly CostField[] = [
	{ name: 'model', cost: 'clamped', why: 'replaced by the deployment, which has the price' },
	{ name: 'max_output_tokens', cost: 'clamped', why: 'the output cap itself; reasoning counts towards it' },
	{
		name: 'input',
		cost: 'bytes',
		why: 'media in it are priced by count; items whose text lies elsewhere are refused',
		isUniqueNeeded: true,
	},
	{ name: 'instructions', cost: 'bytes', why: 'part of the prompt', isUniqueNeeded: true },
	{
		name: 'tools',
		cost: 'bytes',
		why: 'with a bound for the prompt that the vendor adds; what the vendor executes is taken out of the call, and refused where it is forced or alone',
		isUniqueNeeded: true,
	},
	{ name: 'tool_choice', cost: 'none', why: steering },
	{ name: 'parallel_tool_calls', cost: 'none', why: steering },
	{ name: 'max_tool_calls', cost: 'none', why: 'bounds the calls of tools that the vendor executes' },
	{ name: 'stream', cost: 'none', why: 'only how the answer travels' },
	{ name: 'stream_options', cost: 'none', why: 'only how the answer travels' },
	{ name: 'temperature', cost: 'none', why: steering },
	{ name: 'top_p', cost: 'none', why: steering },
	{ name: 'top_logprobs', cost: 'none', why: 'said about tokens that are billed once' },
	{
		name: 'text',
		cost: 'priced',
		why: 'a schema brings a prompt of the vendor, bounded at 1,000 tokens; verbosity stays inside the output cap',
	},
	{ name: 'include', cost: 'none', why: 'says more about an answer that is billed once' },
	{ name: 'image', cost: 'none', why: 'compresses images or leaves them as they are' },
	{ name: 'metadata', cost: 'none', why: label },
	{ name: 'client_metadata', cost: 'none', why: label },
	{ name: 'user', cost: 'none', why: label },
	{ name: 'safety_identifier', cost: 'none', why: label },
	{ name: 'access_programs', cost: 'none', why: label },
	{ name: 'store', cost: 'none', why: 'kept by the vendor without a price' },
	{ name: 'generate', cost: 'none', why: 'false only reads the prompt' },
	{ name: 'prompt_cache_key', cost: 'none', why: 'only where the cache is looked up' },
	{ name: 'prompt_cache_options', cost: 'priced', why: 'a cache write has its own rate in the price, by how long it is kept' },
	{ name: 'prompt_cache_retention', cost: 'priced', why: 'a longer kept cache counts as a long write' },
];

/** Fields of which only some values are bounded. */
const CHOOSY: readonly CostField[] = [
	{
		name: 'reasoning',
		cost: 'clamped',
		why: 'counts towards the output cap; other modes than the standard one run the model more than once',
		passes: 'mode standard',
		isBounded: (value) => value === null || (isFields(value) && isStandard(value.mode)),
	},
	{
		name: 'truncation',
		cost: 'none',
		why: 'auto drops input, so its count bounds no later call',
		passes: 'auto, disabled',
		isBounded: isOneOf('disabled'),
		count: countTruncation,
	},
	{
		name: 'service_tier',
		cost: 'none',
		why: "auto is the project's own tier, which the configured price stands for; flex bills less; priority and fast tiers bill more",
		passes: 'auto, default, flex',
		isBounded: isOneOf('auto', 'default', 'flex'),
	},
	{
		name: 'background',
		cost: 'none',
		why: 'runs on when the caller is gone, and tells its usage later',
		passes: 'false',
		isBounded: isOneOf(false),
	},
	{ name: 'previous_response_id', cost: 'window', why: held, passes: 'all', isBounded: isOneOf(), count: countHeldInput },
	{ name: 'conversation', cost: 'window', why: held, passes: 'all', isBounded: isOneOf(), count: countHeldInput },
	{ name: 'prompt', cost: 'none', why: 'a stored prompt can bring tools that the vendor executes', passes: 'null', isBounded: isOneOf() },
	{
		name: 'context_management',
		cost: 'none',
		why: 'compaction runs the model once more, inside the call',
		passes: 'an empty list',
		isBounded: isEmptyList,
	},
	{ name: 'moderation', cost: 'none', why: 'another model reads input and output', passes: 'null', isBounded: isOneOf() },
];

export const COST_FIELDS = indexCostFields([...PLAIN, ...CHOOSY]);

function countTruncation(value: unknown, facts: CallFacts): boolean {
	if (value === 'auto') facts.addClearing();
	return value === 'auto';
}
