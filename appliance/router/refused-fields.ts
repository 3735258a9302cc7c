/** What in a call nothing bounds, so that no key with a ceiling may pay for it. */

import type { Call } from '../protocol/call.ts';
import type { RoutingSettings } from '../protocol/plan.ts';

/** Names of fields, tools and content; those of tomorrow too, unless the operator has them priced at the worst case. */
export function refusedFields(
	{ unboundedFields, unknownFields = [] }: Call,
	{ unknownFields: policy }: RoutingSettings,
): readonly string[] {
	return policy === 'worst-case' ? unboundedFields : [...unboundedFields, ...unknownFields];
}
