/** Who calls, and what their key allows. */

import type { Limits } from './limits.ts';
import type { Tier } from './words.ts';

/** What the operator laid down for a member or a key. Where both say something, the stricter counts. */
export interface AccessRules {
	/** Their text never leaves the box: its own model answers, or nobody. */
	readonly isLocalOnly?: boolean;
	/** A call that names a model is answered by that one, by one at least as good, or not at all. */
	readonly neverBelowAsked?: boolean;
	/** Of a member; a key has its own list. Absent: all. */
	readonly allowedTiers?: readonly Tier[];
	/** Ids of the deployments that may be used, `local` among them; absent: all. */
	readonly allowedDeployments?: readonly string[];
	readonly requestsPerMinute?: number;
	readonly parallelCalls?: number;
}

/** New rules: what is null or false is taken away, what is absent stays. */
export type RulesChange = { readonly [name in keyof AccessRules]?: AccessRules[name] | null | undefined };

export function changedRules(rules: AccessRules, change: RulesChange): AccessRules {
	const said = Object.entries(change).filter(([name, value]) => RULES.has(name) && value !== undefined);
	const merged = Object.entries({ ...rules, ...Object.fromEntries(said) });
	return Object.fromEntries(merged.filter(([, value]) => value !== null && value !== false)) as AccessRules;
}

const RULES: ReadonlySet<string> = new Set<keyof AccessRules>([
	'isLocalOnly',
	'neverBelowAsked',
	'allowedTiers',
	'allowedDeployments',
	'requestsPerMinute',
	'parallelCalls',
]);

/** How many calls there may be, of one member (all keys together) or of one key. */
export interface CallLimit {
	/** Of the member or key. */
	readonly id: string;
	readonly limits: Limits;
}

export interface Key {
	readonly id: string;
	readonly memberId: string;
	readonly memberName: string;
	/** May administer the box: members, keys, everybody's calls. The first key of a box is an owner's. */
	readonly isOwner: boolean;
	/** Tiers that this key, and its member, may use at all. */
	readonly allowedTiers: readonly Tier[];
	/** May headers or aliases of this key force a role, tier or deployment? */
	readonly mayForce: boolean;
	/** False for a key whose spending has no ceiling (by the operator's word). */
	readonly hasCeiling: boolean;
	/** Ceiling of one call tree; undefined takes the configuration's. */
	readonly treeCeilingNanoUsd: number | undefined;
	/** Epoch ms; undefined for a key that does not expire. */
	readonly expiresAtMs: number | undefined;
	/** Text that comes with this key never leaves the box; whose rule it is. */
	readonly keptHereBy?: 'member' | 'key';
	readonly neverBelowAsked?: boolean;
	/** Absent: all. */
	readonly allowedDeployments?: readonly string[];
	readonly limits?: readonly CallLimit[];
}
