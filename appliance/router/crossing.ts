/** Calls that cross dialects: in which one a deployment is asked, what that adds to a prompt, and which calls must not. */

import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { DialectName } from '../protocol/words.ts';

/** The caller's own dialect wherever the deployment speaks it, since then the bytes pass as they are. */
export function dialectAt({ dialect }: Pick<Call, 'dialect'>, { dialects }: Deployment): DialectName {
	return dialects.includes(dialect) ? dialect : (dialects[0] ?? dialect);
}

export function isCrossing({ dialect }: Pick<Call, 'dialect'>, { dialects }: Deployment): boolean {
	return !dialects.includes(dialect);
}

/** What a prompt gains in another dialect's words: the frame of a message, a schema for a freeform tool, a reminder's marks. */
const TOKENS_PER_MESSAGE = 16;
const TOKENS_PER_TOOL = 96;
const TOKENS_PER_CALL = 256;

/** Tokens beyond what the caller's own bytes bound. */
export function crossingTokens(call: Call, deployment: Deployment): number {
	return isCrossing(call, deployment) ? rewrittenTokens(call) : 0;
}

/** What a call may gain where its body is written anew, in whichever dialect. */
export function rewrittenTokens(call: Call): number {
	const { messageCount, toolNames } = call.signals;
	return TOKENS_PER_CALL + messageCount * TOKENS_PER_MESSAGE + toolNames.length * TOKENS_PER_TOOL;
}

export type CrossingFault = readonly [code: string, text: string];

/** What can be told before the call is written anew; whatever else a target cannot take is found while writing. */
export function crossingFault(call: Call, deployment: Deployment, isProtected: boolean): CrossingFault | undefined {
	if (!isCrossing(call, deployment)) return undefined;
	const { operation, dialect } = call;
	if (operation === 'count-tokens') return ['other-dialect', `It does not speak ${dialect}, and counts for other models.`];
	if (isProtected) return ['other-dialect', `It does not speak ${dialect}, and the safety classifier is not put into other words.`];
	if (deployment.isOwnLogin === true) return ['other-dialect', `It does not speak ${dialect}, in which the caller's own login came.`];
	if (needsServerTools(call)) {
		return ['loss-server-tools', `It does not speak ${dialect}, and the call offers tools that only their own vendor runs.`];
	}
	return undefined;
}

/** Tools that the vendor executes, and that the call cannot go without. */
export function needsServerTools({ signals, withholdableTools = [] }: Call): boolean {
	return signals.serverToolTypes.some((type) => !withholdableTools.includes(type));
}
