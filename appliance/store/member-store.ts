/** Members and keys: in memory for every call, on the platter before anyone relies on a change. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Key } from '../protocol/member.ts';
import type { Clock, Member, MemberStore, NewKey } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { Tier } from '../protocol/words.ts';
import { isNanoUsd } from '../router/budget/ledger-refusal.ts';
import type { Journal } from './journal.ts';
import type { KeyRow, MemberChange } from './journal-messages.ts';

const SECRET_PREFIX = 'il_';
const SECRET_BYTES = 32;
const LONGEST_NAME = 64;

type MemberBudgets = { readonly dayNanoUsd?: number; readonly monthNanoUsd?: number };

export interface MemberStoreOptions {
	readonly members: readonly Member[];
	readonly keys: readonly KeyRow[];
	readonly clock: Clock;
	readonly journal: Journal;
	/** A member was added or has new budgets. */
	readonly onMember: (member: Member) => void;
}

export function createMemberStore(options: MemberStoreOptions): MemberStore {
	const { clock, journal } = options;
	const members = new Map(options.members.map((member) => [member.id, member]));
	const keys = new Map(options.keys.map((row) => [row.id, row]));
	const byHash = new Map(options.keys.map((row) => [row.secretSha256, row]));

	const write = (change: MemberChange): Promise<void> =>
		journal.appendDurable(JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: true, changes: [change] }));
	const memberOf = (id: string): Member => {
		const member = members.get(id);
		if (member === undefined) throw new Problem('not-found', `There is no member ${JSON.stringify(id)}.`);
		return member;
	};
	const keep = async (member: Member): Promise<Member> => {
		checkAmounts({ 'day budget': member.dayNanoUsd, 'month budget': member.monthNanoUsd });
		members.set(member.id, member);
		await write({ kind: 'member', ...member, dayNanoUsd: member.dayNanoUsd ?? null, monthNanoUsd: member.monthNanoUsd ?? null });
		options.onMember(member);
		return member;
	};
	const keepKey = async (row: KeyRow): Promise<void> => {
		await write({ kind: 'key', ...row });
		keys.set(row.id, row);
		byHash.set(row.secretSha256, row);
	};

	return {
		findKey(secret) {
			const hash = hashOf(secret);
			const row = byHash.get(hash);
			if (row === undefined || !timingSafeEqual(Buffer.from(row.secretSha256), Buffer.from(hash))) return undefined;
			if (row.isRevoked || (row.expiresAtMs !== null && row.expiresAtMs <= clock.wallMs())) return undefined;
			return keyOf(row, memberOf(row.memberId));
		},
		listMembers: () => [...members.values()],
		async addMember(rawName, budgets) {
			const name = checkedName(rawName, [...members.values()]);
			const createdAt = new Date(clock.wallMs()).toISOString();
			return keep({ id: newId('m'), name, dayNanoUsd: budgets.dayNanoUsd, monthNanoUsd: budgets.monthNanoUsd, createdAt });
		},
		async setMemberBudgets(id, budgets: MemberBudgets) {
			return keep({ ...memberOf(id), dayNanoUsd: budgets.dayNanoUsd, monthNanoUsd: budgets.monthNanoUsd });
		},
		listKeys: () =>
			[...keys.values()].map((row) => ({ ...keyOf(row, memberOf(row.memberId)), createdAt: row.createdAt, isRevoked: row.isRevoked })),
		async addKey(key) {
			const member = memberOf(key.memberId);
			checkAmounts({ 'tree ceiling': key.treeCeilingNanoUsd });
			const secret = SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
			const row = newKeyRow(key, hashOf(secret), new Date(clock.wallMs()).toISOString());
			await keepKey(row);
			return { key: keyOf(row, member), secret };
		},
		async revokeKey(id) {
			const row = keys.get(id);
			if (row === undefined) return false;
			const revoked = { ...row, isRevoked: true };
			// In memory at once: a key to be revoked is refused even while the disk is slow.
			keys.set(id, revoked);
			byHash.set(row.secretSha256, revoked);
			await keepKey(revoked);
			return true;
		},
	};
}

/** SHA-256 is enough for a secret of 256 random bits: there is nothing to guess at. */
function hashOf(secret: string): string {
	return createHash('sha256').update(secret).digest('hex');
}

function newId(prefix: 'm' | 'k'): string {
	return `${prefix}_${randomBytes(8).toString('hex')}`;
}

function newKeyRow(key: NewKey, secretSha256: string, createdAt: string): KeyRow {
	return {
		id: newId('k'),
		memberId: key.memberId,
		secretSha256,
		isOwner: key.isOwner,
		allowedTiers: key.allowedTiers,
		mayForce: key.mayForce,
		hasCeiling: key.hasCeiling,
		treeCeilingNanoUsd: key.treeCeilingNanoUsd ?? null,
		expiresAtMs: key.expiresAtMs ?? null,
		createdAt,
		isRevoked: false,
	};
}

function keyOf(row: KeyRow, member: Member): Key {
	return {
		id: row.id,
		memberId: row.memberId,
		memberName: member.name,
		isOwner: row.isOwner,
		allowedTiers: row.allowedTiers as readonly Tier[],
		mayForce: row.mayForce,
		hasCeiling: row.hasCeiling,
		treeCeilingNanoUsd: row.treeCeilingNanoUsd ?? undefined,
		expiresAtMs: row.expiresAtMs ?? undefined,
	};
}

function checkAmounts(amounts: Readonly<Record<string, number | undefined>>): void {
	for (const [name, nanoUsd] of Object.entries(amounts))
		if (nanoUsd !== undefined && !isNanoUsd(nanoUsd))
			throw new Problem('invalid-call', `The ${name} must be between $0 and $1,000,000, in whole nano-dollars.`);
}

function checkedName(rawName: string, members: readonly Member[]): string {
	const name = rawName.trim();
	if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name))
		throw new Problem('invalid-call', `A member's name has 1 to ${LONGEST_NAME} printable characters.`);
	if (members.some((member) => member.name === name))
		throw new Problem('invalid-call', `There is a member ${JSON.stringify(name)} already.`);
	return name;
}
