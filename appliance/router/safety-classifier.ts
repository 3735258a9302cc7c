/** An agent's safety classifier decides which commands run: it goes to the model that was asked for or a dearer one, whatever else is said. */

import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { RoutingSettings } from '../protocol/plan.ts';
import { TIERS } from '../protocol/words.ts';
import { type AskedModel, isNamed } from './model-name.ts';

/** False when the operator said in words that it may be downgraded. */
export function isProtected(call: Call, settings: RoutingSettings): boolean {
	return call.signals.purpose === 'safety-classifier' && !settings.mayDowngradeSafetyClassifier;
}

/**
 * May this deployment answer in place of the model that was asked for? Its own may, and any of a dearer tier.
 * Within a tier models differ widely, so another one must cost at least as much; where the asked model's price is
 * not known, only the frontier is above doubt.
 */
export function isAtLeastAsked(deployment: Deployment, call: Call, asked: AskedModel): boolean {
	if (deployment.tier === 'local') return false;
	if (isNamed(deployment, call.model)) return true;
	const own = asked.named.find(({ tier }) => tier !== 'local');
	if (own === undefined) return deployment.tier === 'frontier';
	if (deployment.tier !== own.tier) return TIERS.indexOf(deployment.tier) < TIERS.indexOf(own.tier);
	return own.price !== null && deployment.price !== null && deployment.price.outputPicoUsd >= own.price.outputPicoUsd;
}
