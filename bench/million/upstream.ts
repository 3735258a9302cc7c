/** Upstreams that always bill the most they may, and keep their own books by arithmetic of their own. */

import type { Call } from '../../appliance/protocol/call.ts';
import type { Deployment, Price } from '../../appliance/protocol/deployment.ts';
import type { Usage } from '../../appliance/protocol/stream.ts';
import { type Segment, tokensOf } from './conversation.ts';

/** What reached an upstream. */
export interface Sent {
	readonly call: Call;
	readonly deployment: Deployment;
	readonly segments: readonly Segment[];
	/** The output cap on the wire. */
	readonly capTokens: number;
	/** It has counted an earlier state of this conversation. */
	readonly isKnownInPart: boolean;
}

export interface Bill {
	readonly costNanoUsd: number;
	readonly usage: Usage;
}

type Kind = 'inputTokens' | 'cacheReadTokens' | 'cacheWriteTokens' | 'cacheWrite1hTokens';

const ROUNDS = 10;

/** The prompt as this model's tokenizer counts it, media and the vendor's own prompts included. */
function promptTokens({ call, deployment, segments, isKnownInPart }: Sent): number {
	const { inlineMediaCount, remoteMediaCount, addedTokens = 0, hasHeldInput } = call.size;
	if (hasHeldInput === true || call.unknownFields !== undefined)
		return Math.max(deployment.contextTokens, tokensOf(segments, deployment.model, false));
	const media = (inlineMediaCount + remoteMediaCount) * deployment.maxTokensPerMedia;
	return tokensOf(segments, deployment.model, isKnownInPart) + media + addedTokens;
}

/** The kind of input that is billed dearest among those that the call lets it claim. */
function dearestKind(rates: Omit<Price, 'longContext' | 'source' | 'date'>, mayKeepLong: boolean): readonly [Kind, number] {
	const kinds: (readonly [Kind, number])[] = [
		['inputTokens', rates.inputPicoUsd],
		['cacheReadTokens', rates.cacheReadPicoUsd],
		['cacheWriteTokens', rates.cacheWritePicoUsd],
	];
	if (mayKeepLong) kinds.push(['cacheWrite1hTokens', rates.cacheWrite1hPicoUsd]);
	return kinds.reduce((most, kind) => (kind[1] > most[1] ? kind : most));
}

/**
 * The whole prompt at the dearest rate in as many rounds as there can be, every choice generated up to the cap, every
 * tool used as often as it may.
 *
 * @param share of the most: 1 is an upstream at its worst
 */
export function bill(sent: Sent, share: number): Bill {
	const { call, deployment, capTokens } = sent;
	const { serverToolUses, choiceCount = 1, hasLongCacheWrite } = call.size;
	const { price } = deployment;
	if (price === null) throw new Error('a world has no unknown prices');
	const rounds = serverToolUses === undefined ? 1 : ROUNDS;
	const prompt = serverToolUses === undefined ? promptTokens(sent) : Math.max(deployment.contextTokens, promptTokens(sent));
	const input = prompt * rounds;
	const { longContext } = price;
	const rates = longContext !== undefined && input > longContext.aboveTokens ? longContext : price;
	const [kind, rate] = dearestKind(rates, hasLongCacheWrite !== false);
	const output = Math.floor(capTokens * choiceCount * rounds * share);
	const uses = serverToolUses?.['web-search'] ?? 0;
	const cost = Math.ceil((input * rate + output * rates.outputPicoUsd) / 1_000) + uses * 10_000_000;
	const usage: Usage = {
		inputTokens: 0,
		cacheReadTokens: 0,
		cacheWriteTokens: 0,
		cacheWrite1hTokens: 0,
		outputTokens: output,
		[kind]: input,
		...(serverToolUses === undefined ? {} : { serverToolUses }),
	};
	return { costNanoUsd: cost, usage };
}
