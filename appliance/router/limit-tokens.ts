/** What a call is expected to take of a deployment's limits in tokens, and why it may have to wait. */

import type { Deployment } from '../protocol/deployment.ts';
import { type LimitRefusal, NO_TOKENS, type TokenCount } from '../protocol/limits.ts';
import { type Case, healthOf } from './case.ts';
import { expectTokens } from './expect.ts';

/** Undefined where nobody counts tokens. */
export function limitTokensAt(one: Case, deployment: Deployment): TokenCount | undefined {
	if (healthOf(one, deployment)?.traffic?.countsTokens !== true) return undefined;
	const { cachedTokens, newTokens, outputTokens } = expectTokens(one, deployment);
	return { tokens: cachedTokens + newTokens + outputTokens, cacheReadTokens: cachedTokens };
}

export function limitRefusalAt(one: Case, deployment: Deployment): LimitRefusal | undefined {
	const traffic = healthOf(one, deployment)?.traffic;
	return traffic?.refusal(limitTokensAt(one, deployment) ?? NO_TOKENS);
}

/** As a code and a sentence for a reason. */
export function sayLimit({ limit, most, waitMs }: LimitRefusal): readonly [code: string, text: string] {
	if (!Number.isFinite(waitMs)) return ['over-token-limit', `The call alone takes more than its ${most} tokens a minute.`];
	const things = `${most} ${limit === 'tokens' ? 'token' : 'call'}${most === 1 ? '' : 's'}`;
	const what = `${things} ${limit === 'parallel' ? 'at once' : 'a minute'}`;
	return [`at-limit-${limit}`, `Its limit of ${what} is used up for another ${Math.ceil(waitMs / 1000)} s.`];
}
