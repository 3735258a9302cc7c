/** What in a call nothing bounds, so that no key with a ceiling may pay for it. */

import type { Call } from '../protocol/call.ts';
import type { Reason } from '../protocol/decision.ts';
import type { Plan, PlanInput, RoutingSettings } from '../protocol/plan.ts';

/** Names of fields, tools and content; those of tomorrow too, unless the operator has them priced at the worst case. */
export function refusedFields(
	{ unboundedFields, unknownFields = [] }: Call,
	{ unknownFields: policy }: RoutingSettings,
): readonly string[] {
	return policy === 'worst-case' ? unboundedFields : [...unboundedFields, ...unknownFields];
}

/**
 * Tools that the vendor executes without a bound, where the call can go without them: they are taken out rather than
 * the call refused. Codex offers a web search with every call.
 */
export function withheldTools({ call, key }: PlanInput): Pick<Plan, 'withheldTools'> & { readonly reasons: readonly Reason[] } {
	const types = call.withholdableTools ?? [];
	if (types.length === 0 || !key.hasCeiling || call.operation === 'count-tokens') return { reasons: [] };
	const text = `The call goes out without ${types.join(', ')}: nothing bounds what the vendor's own tools cost, and the key has a ceiling.`;
	return { withheldTools: types, reasons: [{ step: 'reserve', code: 'tool-withheld', text }] };
}
