/** A key as calls see it: what it allows itself, narrowed by the rules of its member. */

import type { AccessRules, CallLimit, Key } from '../protocol/member.ts';
import type { Member } from '../protocol/ports.ts';
import type { Tier } from '../protocol/words.ts';
import type { KeyRow } from './journal-messages.ts';

export function keyOf(row: KeyRow, member: Member): Key {
	return {
		id: row.id,
		memberId: row.memberId,
		memberName: member.name,
		isOwner: row.isOwner,
		allowedTiers: allowedTiers(row, member),
		mayForce: row.mayForce,
		hasCeiling: row.hasCeiling,
		treeCeilingNanoUsd: row.treeCeilingNanoUsd ?? undefined,
		expiresAtMs: row.expiresAtMs ?? undefined,
		...combinedRules(row, member),
	};
}

function allowedTiers({ allowedTiers }: KeyRow, { rules }: Member): readonly Tier[] {
	return (allowedTiers as readonly Tier[]).filter((tier) => rules?.allowedTiers?.includes(tier) !== false);
}

/** A rule of the member holds for every key; a key can only be stricter. */
function combinedRules({ id, rules }: KeyRow, { id: memberId, rules: ofMember = {} }: Member) {
	const keptHereBy = ofMember.isLocalOnly === true ? 'member' : rules.isLocalOnly === true ? 'key' : undefined;
	const lists = [ofMember.allowedDeployments, rules.allowedDeployments].filter((list) => list !== undefined);
	const [first] = lists;
	const limits = [limitOf(memberId, ofMember), limitOf(id, rules)].filter((limit) => limit !== undefined);
	return {
		...(keptHereBy === undefined ? {} : { keptHereBy: keptHereBy as 'member' | 'key' }),
		...(ofMember.neverBelowAsked === true || rules.neverBelowAsked === true ? { neverBelowAsked: true } : {}),
		...(first === undefined ? {} : { allowedDeployments: first.filter((one) => lists.every((list) => list.includes(one))) }),
		...(limits.length === 0 ? {} : { limits }),
	};
}

function limitOf(id: string, { requestsPerMinute, parallelCalls }: AccessRules): CallLimit | undefined {
	if (requestsPerMinute === undefined && parallelCalls === undefined) return undefined;
	return {
		id,
		limits: {
			...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
			...(parallelCalls === undefined ? {} : { parallelCalls }),
		},
	};
}
