/** Which of the deployments behind the first stand in a chain that has only so many places. */

import type { Deployment } from '../../protocol/deployment.ts';
import type { Case } from '../case.ts';
import type { Scored } from '../choose.ts';
import { isNamed } from '../model-name.ts';
import type { CostBound } from '../price.ts';

export interface Place {
	readonly scored: Scored;
	readonly bound: CostBound;
	readonly capTokens: number;
}

const windowOf = ({ maxInputTokens, contextTokens }: Deployment): number => maxInputTokens ?? contextTokens;

/** The estimate lets the call in, but its bound does not rule out that the upstream finds it too long. */
function mayNotFit({ scored: { deployment }, bound, capTokens }: Place): boolean {
	return bound.inputTokens + capTokens > deployment.contextTokens || bound.inputTokens > windowOf(deployment);
}

/**
 * Three have a place however they rank: the model that was asked for, since it takes whatever its client sends; where the
 * prompt may turn out too long, one with a larger window; and one that the operator lets take what another's vendor
 * refuses for its content. They keep their rank.
 */
export function fallbackOrder<T extends Place>({ input }: Case, head: T, rest: readonly T[], places: number): readonly T[] {
	if (rest.length === 0) return rest;
	const asked = rest.find(({ scored }) => isNamed(scored.deployment, input.call.model));
	const wider = mayNotFit(head) ? rest.find(({ scored }) => windowOf(scored.deployment) > windowOf(head.scored.deployment)) : undefined;
	const lenient = input.settings.contentPolicyFallbacks ?? [];
	const takesRefused = lenient.length === 0 ? undefined : rest.find(({ scored }) => lenient.includes(scored.deployment.id));
	const wanted = [asked, wider, takesRefused].filter((one) => one !== undefined);
	const chosen = new Set([...new Set([...wanted, ...rest])].slice(0, places));
	return rest.filter((one) => chosen.has(one));
}
