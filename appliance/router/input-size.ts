/** How many input tokens a call has: an estimate for windows and time, and a bound for money. */

import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Affinity } from '../protocol/plan.ts';
import { crossingTokens } from './crossing.ts';

/**
 * For estimates where nothing was measured: source code and JSON run at 3 to 4 bytes a token, so 3 errs on the side
 * of a window too small.
 */
const DEFAULT_BYTES_PER_TOKEN = 3;

/** Cutting a text at two places can cost some tokens that the whole did not have. */
const SEAM_TOKENS = 16;

/** Where the dialect does not say what a vendor puts in front of a call with tools; above every published figure. */
const DEFAULT_TOOL_PROMPT_TOKENS = 1_500;

/** Bytes that have come to the part whose size an upstream's own count has told; negative when the body shrank, undefined when that count does not apply. */
function newBytes(call: Call, affinity: Affinity | undefined): number | undefined {
	return affinity?.isSamePrefix ? call.size.bodyBytes - affinity.bodyBytes : undefined;
}

function addedTokens({ size, signals }: Call): number {
	return size.addedTokens ?? (signals.toolNames.length > 0 ? DEFAULT_TOOL_PROMPT_TOKENS : 0);
}

/** Expected input tokens. A count of another cloud deployment is good enough for this; the engine's template is too different. */
export function estimateInputTokens(
	call: Call,
	deployment: Deployment,
	bytesPerToken: number | undefined,
	affinity: Affinity | undefined,
): number {
	const { bodyBytes, inlineMediaBytes, inlineMediaCount, remoteMediaCount } = call.size;
	const perToken = bytesPerToken ?? DEFAULT_BYTES_PER_TOKEN;
	const isComparable = affinity?.deployment === deployment.id || (affinity?.deployment !== 'local' && deployment.tier !== 'local');
	const grown = isComparable ? newBytes(call, affinity) : undefined;
	if (affinity !== undefined && grown !== undefined) {
		if (grown >= 0) return affinity.promptTokens + Math.ceil(grown / perToken);
		return Math.ceil(affinity.promptTokens * (bodyBytes / affinity.bodyBytes));
	}
	const textBytes = Math.max(0, bodyBytes - inlineMediaBytes);
	return Math.ceil(textBytes / perToken) + (inlineMediaCount + remoteMediaCount) * deployment.maxTokensPerMedia;
}

/** @param count how many of the call's media are to be bounded */
function mediaBound({ modalities }: Call, deployment: Deployment, count: number): number {
	// A document's pages are not bounded by its bytes, nor is audio: only the window bounds them.
	const isUnbounded = count > 0 && (modalities.includes('document') || modalities.includes('audio'));
	return isUnbounded ? deployment.contextTokens : count * deployment.maxTokensPerMedia;
}

/**
 * Upper bound of the input tokens: a tokenizer on bytes makes at most one token of a byte, and the JSON around a
 * message has more bytes than the marks that a chat template puts there. Where this deployment itself counted an
 * earlier body of the conversation, its count stands for the head and tail that both share, and a byte counts as a
 * token between them; the sizes of the two alone would bound nothing, since a history can be rewritten. What the vendor
 * holds of the prompt is bounded by the window alone.
 */
export function boundInputTokens(call: Call, deployment: Deployment, affinity: Affinity | undefined): number {
	if (call.size.hasHeldInput || (call.unknownFields ?? []).length > 0)
		return Math.max(boundBodyTokens(call, deployment, undefined), deployment.contextTokens);
	return boundBodyTokens(call, deployment, affinity);
}

/** Was it this deployment that counted, with the model that it has now? */
function isCountOf(affinity: Affinity | undefined, { id, model }: Deployment): affinity is Affinity {
	return affinity?.deployment === id && (affinity.model ?? model) === model;
}

function boundBodyTokens(call: Call, deployment: Deployment, affinity: Affinity | undefined): number {
	const isOwnCount = isCountOf(affinity, deployment) && affinity.unseenBytes !== undefined;
	const { bodyBytes, inlineMediaBytes, inlineMediaCount, remoteMediaCount } = call.size;
	const mediaCount = inlineMediaCount + remoteMediaCount;
	const newMedia = mediaBound(call, deployment, affinity?.unseenMedia ?? mediaCount);
	const counted = isOwnCount ? affinity.promptTokens + (affinity.unseenBytes ?? 0) + newMedia + SEAM_TOKENS : undefined;
	const byBytes = Math.max(0, bodyBytes - inlineMediaBytes) + mediaBound(call, deployment, mediaCount);
	return Math.min(counted ?? byBytes, byBytes) + addedTokens(call) + crossingTokens(call, deployment);
}
