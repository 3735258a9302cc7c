/** Whose word it is that a call's text never leaves the box. Any one of them is enough, and none can lift another's. */

import type { Reason } from '../protocol/decision.ts';
import type { PlanInput } from '../protocol/plan.ts';

/** Undefined for text that may go to the cloud. */
export function keptHereBy({ key, hints, call, settings }: PlanInput): string | undefined {
	if (key.keptHereBy !== undefined) return `the ${key.keptHereBy}`;
	if (hints.isLocalOnly === true) return 'a header of the call';
	return Object.hasOwn(settings.aliases, call.model) && settings.aliases[call.model]?.data === 'local-only' ? 'the model name' : undefined;
}

export const keptHereReason = (by: string): Reason => ({
	step: 'eligibility',
	code: 'kept-here',
	text: `A data rule of ${by}: this text never leaves the box.`,
});
