/** One call before the router: what was asked, what it may use, and the figures that every step needs. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment, DeploymentHealth, RolePolicy } from '../protocol/deployment.ts';
import type { ExperimentNote } from '../protocol/experiment.ts';
import type { Affinity, PlanInput } from '../protocol/plan.ts';
import type { Role, Tier } from '../protocol/words.ts';
import { keptHereBy, keptHereReason } from './data-rule.ts';
import { type Demand, demandsNothing, readDemand } from './demand.ts';
import { estimateInputTokens } from './input-size.ts';
import { unknownVersion } from './known-clients.ts';
import { type AskedModel, readModelName } from './model-name.ts';
import { classifyRole } from './role.ts';
import { isProtected } from './safety-classifier.ts';
import { experimentOf } from './savings/control-group.ts';

export interface Case {
	readonly input: PlanInput;
	readonly asked: AskedModel;
	readonly demand: Demand;
	readonly role: Role;
	readonly policy: RolePolicy;
	/** Tiers in the order in which they are tried. */
	readonly tiers: readonly Tier[];
	/** A safety classifier that must not be downgraded. */
	readonly isProtected: boolean;
	/** The affinity while its prompt cache lives; else undefined. */
	readonly warm: Affinity | undefined;
	/** Whose data rule keeps the text on the box; undefined for none. */
	readonly keptHereBy: string | undefined;
	/** The model that the call names must not be replaced by a lesser one. */
	readonly isNeverBelow: boolean;
	readonly experiment: ExperimentNote | undefined;
	readonly reasons: readonly Reason[];
}

const DEARNESS: Readonly<Record<Tier, number>> = { frontier: 2, mid: 1, local: 0 };

/** A caller that asked for a cheaper tier than its role would take gets that one first; the dearer ones stay as fallbacks right behind it. */
function belowAsked(tiers: readonly Tier[], asked: Tier | undefined): readonly Tier[] {
	if (asked === undefined || !tiers.includes(asked)) return tiers;
	const before = tiers.slice(0, tiers.indexOf(asked));
	const dearer = before.filter((tier) => DEARNESS[tier] > DEARNESS[asked]);
	const rest = tiers.filter((tier) => tier !== asked && !dearer.includes(tier));
	const cheaperBefore = rest.filter((tier) => before.includes(tier));
	return [...cheaperBefore, asked, ...dearer, ...rest.filter((tier) => !before.includes(tier))];
}

function chooseTiers(demand: Demand, policy: RolePolicy, asked: AskedModel, input: PlanInput): readonly Tier[] {
	if (demand.deployment !== undefined) {
		return input.deployments.filter(({ id }) => id === demand.deployment).map(({ tier }) => tier);
	}
	if (demand.tier !== undefined) return [demand.tier];
	if (demand.role !== undefined) return policy.tiers;
	if (input.call.operation === 'count-tokens') return policy.tiers.toSorted((a, b) => Number(b === asked.tier) - Number(a === asked.tier));
	return isNeverBelow(input, asked, demand) ? withTier(policy.tiers, asked.tier) : belowAsked(policy.tiers, asked.tier);
}

/** A role, tier or deployment that is demanded is what was asked for, whatever the model's name says. */
function isNeverBelow({ key, call }: PlanInput, { tier: asked }: AskedModel, demand: Demand): boolean {
	if (key.neverBelowAsked !== true || call.operation === 'count-tokens') return false;
	return isOfCloud(asked) && demandsNothing(demand);
}

/** The tier that was asked for can always be asked, whatever its role would take. */
const withTier = (tiers: readonly Tier[], asked: Tier | undefined): readonly Tier[] =>
	asked === undefined || tiers.includes(asked) ? tiers : [asked, ...tiers];

/**
 * Of a safety classifier and of what nobody routes: the tier of the model that is named, then the other of the cloud;
 * without a known name the frontier. What may be too weak among them is sorted out one by one.
 */
function tiersAsAsked({ tier }: AskedModel): readonly Tier[] {
	return tier === 'mid' ? ['mid', 'frontier'] : ['frontier', 'mid'];
}

function warmAffinity({ affinity, nowMs, settings }: PlanInput): Affinity | undefined {
	const isWarm = affinity?.isSamePrefix && nowMs - affinity.lastUsedMs < settings.cacheLifeMs;
	return isWarm ? affinity : undefined;
}

function findRole({ call, settings }: PlanInput, asked: AskedModel, demand: Demand) {
	if (isProtected(call, settings)) return { role: asked.role ?? 'outer', reasons: [CLASSIFIER] } as const;
	if (demand.role !== undefined) return { role: demand.role, reasons: [] };
	if (call.operation === 'count-tokens') return { role: asked.role ?? 'outer', reasons: [COUNT] } as const;
	return classifyRole(call, asked);
}

export function openCase(input: PlanInput): Case {
	const { call, settings, deployments } = input;
	const asked = readModelName(call.model, deployments);
	const demand = readDemand(input);
	const guarded = isProtected(call, settings);
	const found = findRole(input, asked, demand);
	const policy = settings.roles[found.role];
	const keptBy = keptHereBy(input);
	const experiment = guarded ? undefined : experimentOf(input, demand, found.role, keptBy !== undefined);
	const isUnrouted = experiment?.arm === 'control';
	return {
		input,
		asked,
		demand,
		role: found.role,
		policy,
		tiers: guarded || isUnrouted ? tiersAsAsked(asked) : chooseTiers(demand, policy, asked, input),
		isProtected: guarded,
		warm: warmAffinity(input),
		keptHereBy: keptBy,
		isNeverBelow: !guarded && (isUnrouted ? isOfCloud(asked.tier) : isNeverBelow(input, asked, demand)),
		experiment,
		reasons: [
			...found.reasons,
			...demand.reasons,
			...unknownVersion(call),
			...(keptBy === undefined ? [] : [keptHereReason(keptBy)]),
			...(isUnrouted ? [UNROUTED] : []),
		],
	};
}

const COUNT: Reason = {
	step: 'role',
	code: 'count-for-asked-model',
	text: 'Tokens are counted for the model that the client has in mind: others have other tokenizers.',
};

const isOfCloud = (tier: Tier | undefined): boolean => tier !== undefined && tier !== 'local';

const UNROUTED: Reason = {
	step: 'role',
	code: 'control-group',
	text: 'Its call tree is in the control group: it goes where it would without routing.',
};

const CLASSIFIER: Reason = {
	step: 'role',
	code: 'safety-classifier',
	text: "An agent's safety classifier: it goes to the model that was asked for, or a dearer one.",
};

export function healthOf({ input }: Case, { id }: Deployment): DeploymentHealth | undefined {
	return input.health.get(id);
}

export function inputTokensAt(one: Case, deployment: Deployment): number {
	return estimateInputTokens(one.input.call, deployment, healthOf(one, deployment)?.rates?.bytesPerToken, one.input.affinity);
}
