/** Who calls, and what their key allows. */

import type { Tier } from './words.ts';

export interface Key {
	readonly id: string;
	readonly memberId: string;
	readonly memberName: string;
	/** May administer the box: members, keys, everybody's calls. The first key of a box is an owner's. */
	readonly isOwner: boolean;
	/** Tiers that this key may use at all. */
	readonly allowedTiers: readonly Tier[];
	/** May headers or aliases of this key force a role, tier or deployment? */
	readonly mayForce: boolean;
	/** False for a key whose spending has no ceiling (by the operator's word). */
	readonly hasCeiling: boolean;
	/** Ceiling of one call tree; undefined takes the configuration's. */
	readonly treeCeilingNanoUsd: number | undefined;
	/** Epoch ms; undefined for a key that does not expire. */
	readonly expiresAtMs: number | undefined;
}
