/** A box without any key would let nobody in: the first start makes an owner and shows their key once. */

import type { MemberStore } from '../protocol/ports.ts';
import { TIERS } from '../protocol/words.ts';

/** The secret of the first key; undefined when the box has had a key before. */
export async function makeFirstKey(members: MemberStore): Promise<string | undefined> {
	if (members.listKeys().length > 0) return undefined;
	const owner = members.listMembers()[0] ?? (await members.addMember('owner', {}));
	const { secret } = await members.addKey({
		memberId: owner.id,
		isOwner: true,
		allowedTiers: TIERS,
		mayForce: true,
		hasCeiling: true,
		treeCeilingNanoUsd: undefined,
		expiresAtMs: undefined,
	});
	return secret;
}
