/** How many output tokens a deployment would be asked for: the caller's cap, within what model and window leave. */

import type { Deployment } from '../protocol/deployment.ts';
import type { PlanInput } from '../protocol/plan.ts';

/**
 * The least worth having: a reply shorter than this is likely cut. A cloud model writes it behind the thinking that was
 * asked for, and refuses a cap that leaves no room behind it. Never more than the caller wants itself.
 */
export function usefulCap({ call, settings }: PlanInput, { tier }: Deployment): number {
	const thinking = tier === 'local' ? 0 : (call.thinkingBudgetTokens ?? 0);
	const least = settings.usefulOutputTokens + thinking;
	return Math.min(least, call.outputCapTokens ?? Number.MAX_SAFE_INTEGER);
}

/**
 * Undefined when the window does not hold the prompt and a useful answer.
 *
 * A cap that the caller wrote counts against a cloud window as it is, since upstreams refuse what does not fit.
 * On the box it gives way: agents write the largest cap there is on every call (128,000 tokens on a request for a
 * title), which says nothing about the answer. A cap that nobody wrote gives way everywhere.
 */
export function outputCapFor(input: PlanInput, deployment: Deployment, inputTokens: number): number | undefined {
	const wanted = Math.min(input.call.outputCapTokens ?? deployment.maxOutputTokens, deployment.maxOutputTokens);
	const room = deployment.contextTokens - inputTokens;
	if (wanted <= room) return wanted;
	const mayGiveWay = deployment.tier === 'local' || input.call.outputCapTokens === undefined;
	return mayGiveWay && room >= Math.min(usefulCap(input, deployment), wanted) ? room : undefined;
}
