/** Members and keys: in memory for every call, on the platter before anyone relies on a change. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessRules, Key } from '../protocol/member.ts';
import type { Clock, ListedKey, Member, MemberStore, NewKey } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { TIERS } from '../protocol/words.ts';
import { isNanoUsd } from '../router/budget/ledger-refusal.ts';
import { keyOf } from './effective-key.ts';
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
	/** A member is to be forgotten; false where that cannot be now. */
	readonly onForget: (id: string, keyIds: readonly string[]) => boolean;
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
		effective.clear();
		await write({
			kind: 'member',
			...member,
			dayNanoUsd: member.dayNanoUsd ?? null,
			monthNanoUsd: member.monthNanoUsd ?? null,
			rules: member.rules ?? {},
		});
		options.onMember(member);
		return member;
	};
	/** Keys with their members' rules, until one of either changes. */
	const effective = new Map<string, Key>();
	const effectiveKey = (row: KeyRow): Key => {
		const known = effective.get(row.id) ?? keyOf(row, memberOf(row.memberId));
		effective.set(row.id, known);
		return known;
	};
	const listed = (row: KeyRow): ListedKey => ({
		...effectiveKey(row),
		createdAt: row.createdAt,
		isRevoked: row.isRevoked,
		...(hasRules(row.rules) ? { rules: row.rules } : {}),
	});
	/** A box whose last owner's key is gone could not be administered any more. */
	const assertOwnerStays = (going: readonly KeyRow[]): void => {
		const isOwner = (row: KeyRow): boolean => row.isOwner && !row.isRevoked;
		if (going.some(isOwner) && ![...keys.values()].some((row) => isOwner(row) && !going.includes(row)))
			throw new Problem('invalid-call', 'This is the last owner’s key: add another one before you take it away.');
	};
	const keepKey = async (row: KeyRow): Promise<void> => {
		effective.delete(row.id);
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
			return effectiveKey(row);
		},
		keyOfPerson(memberId, isOwner) {
			const member = members.get(memberId);
			return member === undefined ? undefined : keyOf(rowOfPerson(memberId, isOwner), member);
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
		async setMemberRules(id, rules) {
			const { rules: _, ...member } = memberOf(id);
			return keep(hasRules(rules) ? { ...member, rules } : member);
		},
		async setKeyRules(id, rules, tiers) {
			const row = keys.get(id);
			if (row === undefined) throw new Problem('not-found', `There is no key ${JSON.stringify(id)}.`);
			const changed = { ...row, rules, allowedTiers: tiers ?? row.allowedTiers };
			keys.set(id, changed);
			byHash.set(row.secretSha256, changed);
			await keepKey(changed);
			return listed(changed);
		},
		async removeMember(id) {
			const member = memberOf(id);
			const own = [...keys.values()].filter(({ memberId }) => memberId === id);
			assertOwnerStays(own);
			const keyIds = own.map((row) => row.id);
			if (!options.onForget(id, keyIds)) throw stillRunning(member);
			for (const row of own) {
				keys.delete(row.id);
				byHash.delete(row.secretSha256);
				effective.delete(row.id);
			}
			members.delete(id);
			await write({ kind: 'forget-member', id, name: member.name, keyIds });
		},
		listKeys: () => [...keys.values()].map(listed),
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
			assertOwnerStays([row]);
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
	return hash('sha256', secret);
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
		rules: key.rules ?? {},
	};
}

/** A key that nobody has: a person's rights are those that a plain key of theirs would have. */
const rowOfPerson = (memberId: string, isOwner: boolean): KeyRow => ({
	...newKeyRow(
		{ memberId, isOwner, allowedTiers: TIERS, mayForce: isOwner, hasCeiling: true, treeCeilingNanoUsd: undefined, expiresAtMs: undefined },
		'',
		'',
	),
	id: `page:${memberId}`,
});

const hasRules = (rules: AccessRules): boolean => Object.keys(rules).length > 0;

const stillRunning = ({ name }: Member): Problem =>
	new Problem('invalid-call', `Calls of ${name} are running. Revoke the keys, wait a moment and try again.`, { isRetryable: true });

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
