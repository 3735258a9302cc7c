/** What the caller demands by header or alias, as far as its key may. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { ModelAlias, PlanInput } from '../protocol/plan.ts';
import { Problem } from '../protocol/problem.ts';
import type { Role, Tier } from '../protocol/words.ts';
import { isProtected } from './safety-classifier.ts';

export interface Demand {
	readonly role: Role | undefined;
	readonly tier: Tier | undefined;
	readonly deployment: string | undefined;
	readonly reasons: readonly Reason[];
	readonly problem: Problem | undefined;
}

export const demandsNothing = ({ role, tier, deployment }: Pick<Demand, 'role' | 'tier' | 'deployment'>): boolean =>
	role === undefined && tier === undefined && deployment === undefined;

/** Names that work on every box; the ones with claude- are for clients that accept no others. */
export const BUILT_IN_ALIASES: Readonly<Record<string, ModelAlias>> = Object.fromEntries(
	(['outer', 'mid', 'inner'] as const)
		.map((role): [string, ModelAlias] => [role, { role }])
		.concat([['local', { tier: 'local' }]])
		.flatMap(([name, alias]) => [
			[`innerloop-${name}`, alias],
			[`claude-innerloop-${name}`, alias],
		])
		// Demands nothing, so that each call's own role decides; for clients that want one model named for all they do.
		.concat([
			['innerloop', {}],
			['claude-innerloop', {}],
		]),
);

const NOTHING = { role: undefined, tier: undefined, deployment: undefined, problem: undefined } as const;
const NO_DEMAND: Demand = { ...NOTHING, reasons: [] };
const reason = (code: string, text: string): Reason => ({ step: 'role', code, text });

/** A name of the operator's own for a deployment forces it; the upstream's model id is only a wish. */
function aliasOf({ call, settings, deployments }: PlanInput): ModelAlias | undefined {
	if (Object.hasOwn(settings.aliases, call.model)) return settings.aliases[call.model];
	if (Object.hasOwn(BUILT_IN_ALIASES, call.model)) return BUILT_IN_ALIASES[call.model];
	const own = deployments.find(({ id, model, tier }) =>
		id === call.model ? id !== model || tier === 'local' : tier === 'local' && model === call.model,
	);
	return own && { deployment: own.id };
}

function ignored(text: string, code: string): Demand {
	return { ...NOTHING, reasons: [reason(code, text)] };
}

function refused(problem: Problem): Demand {
	return { ...NOTHING, reasons: [], problem };
}

function check(wanted: ModelAlias, { key, deployments }: PlanInput): Problem | undefined {
	const target: Deployment | undefined = deployments.find(({ id }) => id === wanted.deployment);
	if (wanted.deployment !== undefined && target === undefined) {
		const known = deployments.map(({ id }) => id);
		return new Problem('invalid-call', 'The demanded deployment is not configured. Take one of: '.concat(known.join(', ') || 'none', '.'), {
			details: { known },
		});
	}
	const tiers = [wanted.tier, target?.tier].filter((tier) => tier !== undefined);
	const barred = tiers.find((tier) => !key.allowedTiers.includes(tier));
	if (barred === undefined) return undefined;
	return new Problem('forbidden', `This key may not use the ${barred} tier. It may use: ${key.allowedTiers.join(', ') || 'none'}.`);
}

/** Headers count before an alias, field by field. */
export function readDemand(input: PlanInput): Demand {
	const { hints, key, call, settings } = input;
	const alias = aliasOf(input);
	const role = hints.role ?? alias?.role;
	const tier = hints.tier ?? alias?.tier;
	const deployment = hints.deployment ?? alias?.deployment;
	if (role === undefined && tier === undefined && deployment === undefined) return NO_DEMAND;
	const names = Object.entries({ role, tier, deployment }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
	if (isProtected(call, settings)) {
		return ignored('The safety classifier takes no orders: what header or alias demand is passed over.', 'classifier-not-forced');
	}
	if (!key.mayForce) return ignored('Header or alias demand something that this key may not force.', 'force-not-allowed');
	const problem = check({ ...(tier && { tier }), ...(deployment && { deployment }) }, input);
	if (problem !== undefined) return refused(problem);
	return { role, tier, deployment, problem: undefined, reasons: [reason('forced', `Header or alias force the ${names.join(', the ')}.`)] };
}
