/** What every implementation of the Store port must do: a suite to run against each. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision, Outcome } from '../../appliance/protocol/decision.ts';
import type { RewardRow } from '../../appliance/protocol/learning.ts';
import type { Budgets, LedgerScope, NewKey, SpendRow, Store } from '../../appliance/protocol/ports.ts';

const USD = 1_000_000_000;

export const BUDGETS: Budgets = {
	treeNanoUsd: 5 * USD,
	memberDayNanoUsd: undefined,
	memberMonthNanoUsd: undefined,
	teamDayNanoUsd: 20 * USD,
	teamMonthNanoUsd: 100 * USD,
	treeIdleMs: 600_000,
	openTreesPerMember: 3,
};

/** A clock that the test moves. */
export interface TestClock {
	nowMs(): number;
	wallMs(): number;
	advance(ms: number): void;
	setWall(wallMs: number): void;
}

export function createTestClock(wallMs = Date.UTC(2026, 10, 23, 12)): TestClock {
	let now = 1_000;
	let wall = wallMs;
	return {
		nowMs: () => now,
		wallMs: () => wall,
		advance(ms) {
			now += ms;
			wall += ms;
		},
		setWall(ms) {
			wall = ms;
		},
	};
}

/** One place of storage, opened and closed as often as the test likes. */
export interface StorePlace {
	open(budgets: Budgets, clock: TestClock): Promise<Store>;
	/** Removes all that it kept. */
	remove(): void;
}

export const NEW_KEY: Omit<NewKey, 'memberId'> = {
	isOwner: false,
	allowedTiers: ['local', 'mid'],
	mayForce: false,
	hasCeiling: true,
	treeCeilingNanoUsd: undefined,
	expiresAtMs: undefined,
};

export function scopeOf(treeKey: string, overrides: Partial<LedgerScope> = {}): LedgerScope {
	return { keyId: 'k1', memberId: 'm1', treeKey, sessionId: undefined, hasCeiling: true, treeCeilingNanoUsd: 5 * USD, ...overrides };
}

export function decisionOf(callId: string): Decision {
	return {
		callId,
		at: '2026-11-23T12:00:00.000Z',
		member: 'ada',
		keyId: 'k1',
		dialect: 'anthropic',
		requestedModel: 'claude',
		role: 'outer',
		treeKey: 't',
		candidates: [],
		rejected: [],
		reasons: [{ step: 'role', code: 'plain', text: 'An ordinary turn.' }],
		reservedNanoUsd: 7,
	};
}

export function outcomeOf(callId: string): Outcome {
	return {
		callId,
		deployment: 'opus',
		status: 200,
		costNanoUsd: 3,
		isCostBound: false,
		latencyMs: 12,
		firstByteMs: 4,
		problemCode: undefined,
		inputTokens: 10,
		outputTokens: 2,
		cacheReadTokens: undefined,
	};
}

const teamDay = (store: Store): SpendRow | undefined => store.ledger.spend().find((row) => row.scope === 'team' && row.period === 'day');

async function admit(store: Store, callId: string, scope: LedgerScope, nanoUsd: number): Promise<void> {
	const result = store.ledger.reserve(callId, scope, nanoUsd);
	if (!result.isAdmitted) throw result.problem;
	await result.durable;
}

async function spendOn(store: Store, callId: string, scope: LedgerScope, costNanoUsd: number): Promise<void> {
	await admit(store, callId, scope, costNanoUsd);
	store.ledger.dispatch(callId);
	store.ledger.settle(callId, { deployment: 'd', costNanoUsd, isBound: false });
}

function refusalOf(store: Store, callId: string, scope: LedgerScope, nanoUsd: number): { code: string; boundBy: unknown } {
	const result = store.ledger.reserve(callId, scope, nanoUsd);
	if (result.isAdmitted) throw new Error('was admitted');
	return { code: result.problem.code, boundBy: result.problem.details.boundBy };
}

/** Runs the suite; `place` is called once a test. */
export function describeStore(name: string, place: () => StorePlace): void {
	describe(name, () => {
		let at: StorePlace;
		let clock: TestClock;
		let store: Store;

		beforeEach(async () => {
			at = place();
			clock = createTestClock();
			store = await at.open(BUDGETS, clock);
		});
		afterEach(async () => {
			await store.close();
			at.remove();
		});
		const reopen = async (): Promise<void> => {
			await store.close();
			store = await at.open(BUDGETS, clock);
		};

		describe('ledger', () => {
			it('waits for the disk when a tree opens, not for calls inside its hold', async () => {
				const first = store.ledger.reserve('c1', scopeOf('t'), USD);
				expect(first.isAdmitted && first.durable).toBeInstanceOf(Promise);
				await (first.isAdmitted ? first.durable : undefined);
				store.ledger.dispatch('c1');
				store.ledger.settle('c1', { deployment: 'd', costNanoUsd: USD / 10, isBound: false });
				expect(store.ledger.reserve('c2', scopeOf('t'), USD)).toEqual({ isAdmitted: true, durable: undefined });
			});

			it('sets the whole ceiling of a tree aside, and counts what it spends', async () => {
				await spendOn(store, 'c1', scopeOf('t'), USD);
				expect(teamDay(store)).toMatchObject({ settledNanoUsd: USD, reservedNanoUsd: 4 * USD, ceilingNanoUsd: 20 * USD });
				expect(store.ledger.allowance(scopeOf('t'))).toEqual({ nanoUsd: 4 * USD, boundBy: 'tree' });
			});

			it('refuses what a tree, the team or the count of trees cannot take, and says which', async () => {
				expect(refusalOf(store, 'x', scopeOf('t'), 6 * USD)).toEqual({ code: 'budget-exhausted', boundBy: 'tree' });
				for (const n of [1, 2, 3]) await admit(store, `m1-${n}`, scopeOf(`t${n}`), USD);
				expect(refusalOf(store, 'x', scopeOf('t4'), USD)).toEqual({ code: 'rate-limited', boundBy: 'open-trees' });
				await admit(store, 'm2', scopeOf('t1', { memberId: 'm2' }), USD);
				expect(refusalOf(store, 'x', scopeOf('t1', { memberId: 'm3' }), USD)).toEqual({ code: 'budget-exhausted', boundBy: 'team-day' });
			});

			it('changes nothing when an event is told twice', async () => {
				await spendOn(store, 'c1', scopeOf('t'), USD);
				store.ledger.settle('c1', { deployment: 'd', costNanoUsd: USD, isBound: false });
				store.ledger.release('c1');
				store.ledger.dispatch('c1');
				await admit(store, 'c2', scopeOf('t'), USD);
				await admit(store, 'c2', scopeOf('t'), USD);
				store.ledger.release('c2');
				store.ledger.release('c2');
				expect(teamDay(store)).toMatchObject({ settledNanoUsd: USD, reservedNanoUsd: 4 * USD });
			});

			it('keeps sums, tree spending and ceilings over a restart', async () => {
				await spendOn(store, 'c1', scopeOf('t'), 2 * USD);
				await reopen();
				expect(teamDay(store)).toMatchObject({ settledNanoUsd: 2 * USD, reservedNanoUsd: 0 });
				expect(store.ledger.allowance(scopeOf('t'))).toEqual({ nanoUsd: 3 * USD, boundBy: 'tree' });
			});

			it('settles a running call at its bound and releases an unsent one when it closes', async () => {
				await admit(store, 'sent', scopeOf('t'), USD);
				store.ledger.dispatch('sent');
				await admit(store, 'unsent', scopeOf('t'), USD);
				await reopen();
				expect(teamDay(store)).toMatchObject({ settledNanoUsd: USD, reservedNanoUsd: 0 });
			});

			it('opens a new day, and none when the clock goes back', async () => {
				await spendOn(store, 'c1', scopeOf('t'), USD);
				clock.advance(24 * 3_600_000);
				expect(teamDay(store)?.settledNanoUsd).toBe(0);
				await spendOn(store, 'c2', scopeOf('t'), USD);
				clock.setWall(Date.UTC(2026, 10, 23, 12));
				await reopen();
				expect(teamDay(store)?.settledNanoUsd).toBe(USD);
			});

			it('takes new budgets at once', async () => {
				await admit(store, 'c1', scopeOf('t'), USD);
				store.ledger.setBudgets({ ...BUDGETS, teamDayNanoUsd: 2 * USD });
				expect(teamDay(store)).toMatchObject({ reservedNanoUsd: 2 * USD, ceilingNanoUsd: 2 * USD });
				expect(refusalOf(store, 'c2', scopeOf('t'), 1.5 * USD)).toEqual({ code: 'budget-exhausted', boundBy: 'team-day' });
			});

			it('counts a key without a ceiling, and bounds it by nothing', async () => {
				const free = scopeOf('t', { hasCeiling: false });
				expect(store.ledger.allowance(free).boundBy).toBe('none');
				await spendOn(store, 'c1', free, 30 * USD);
				expect(teamDay(store)).toMatchObject({ settledNanoUsd: 30 * USD, reservedNanoUsd: 0 });
			});
		});

		describe('members and keys', () => {
			it('finds a key by its secret only, also after a restart', async () => {
				const member = await store.members.addMember('ada', { dayNanoUsd: USD });
				const { key, secret } = await store.members.addKey({ ...NEW_KEY, memberId: member.id });
				expect(secret).toMatch(/^il_[A-Za-z0-9_-]{43}$/);
				await reopen();
				expect(store.members.findKey(secret)).toEqual(key);
				expect(store.members.findKey(`${secret}x`)).toBeUndefined();
				expect(store.members.findKey('')).toBeUndefined();
				expect(store.members.listMembers()).toEqual([member]);
			});

			it('knows no revoked and no expired key', async () => {
				const member = await store.members.addMember('ada', {});
				const first = await store.members.addKey({ ...NEW_KEY, memberId: member.id });
				const second = await store.members.addKey({ ...NEW_KEY, memberId: member.id, expiresAtMs: clock.wallMs() + 1_000 });
				expect(await store.members.revokeKey(first.key.id)).toBe(true);
				expect(await store.members.revokeKey('k_none')).toBe(false);
				expect(store.members.findKey(first.secret)).toBeUndefined();
				expect(store.members.findKey(second.secret)?.id).toBe(second.key.id);
				clock.advance(1_000);
				expect(store.members.findKey(second.secret)).toBeUndefined();
				await reopen();
				expect(store.members.findKey(first.secret)).toBeUndefined();
				expect(store.members.listKeys().map((key) => key.isRevoked)).toEqual([true, false]);
			});

			it('holds a member to its own budgets, and takes a change of them at once', async () => {
				const member = await store.members.addMember('ada', { dayNanoUsd: USD });
				const scope = scopeOf('t', { memberId: member.id });
				expect(store.ledger.allowance(scope)).toEqual({ nanoUsd: USD, boundBy: 'member-day' });
				await store.members.setMemberBudgets(member.id, { monthNanoUsd: 2 * USD });
				expect(store.ledger.allowance(scope)).toEqual({ nanoUsd: 2 * USD, boundBy: 'member-month' });
				await reopen();
				expect(store.ledger.allowance(scope)).toEqual({ nanoUsd: 2 * USD, boundBy: 'member-month' });
			});

			it('refuses a name twice, an empty one, a member that is not there, and what is no amount', async () => {
				await store.members.addMember('ada', {});
				await expect(store.members.addMember(' ada ', {})).rejects.toMatchObject({ code: 'invalid-call' });
				await expect(store.members.addMember('', {})).rejects.toMatchObject({ code: 'invalid-call' });
				await expect(store.members.addKey({ ...NEW_KEY, memberId: 'm_none' })).rejects.toMatchObject({ code: 'not-found' });
				await expect(store.members.setMemberBudgets('m_none', {})).rejects.toMatchObject({ code: 'not-found' });
				for (const dayNanoUsd of [-1, 0.5, Number.NaN, 2e15])
					await expect(store.members.addMember('bob', { dayNanoUsd })).rejects.toMatchObject({ code: 'invalid-call' });
				expect(store.members.listMembers()).toHaveLength(1);
			});
		});

		describe('rules', () => {
			it('of a member narrow each of its keys, at once and after a restart', async () => {
				const member = await store.members.addMember('ada', {});
				const { secret, key } = await store.members.addKey({ ...NEW_KEY, memberId: member.id, rules: { allowedDeployments: ['a', 'b'] } });
				expect(store.members.findKey(secret)).toEqual(key);
				await store.members.setMemberRules(member.id, {
					isLocalOnly: true,
					neverBelowAsked: true,
					allowedTiers: ['local', 'frontier'],
					allowedDeployments: ['b', 'c'],
					requestsPerMinute: 3,
				});
				const narrowed = {
					keptHereBy: 'member',
					neverBelowAsked: true,
					allowedTiers: ['local'],
					allowedDeployments: ['b'],
					limits: [{ id: member.id, limits: { requestsPerMinute: 3 } }],
				};
				expect(store.members.findKey(secret)).toMatchObject(narrowed);
				await reopen();
				expect(store.members.findKey(secret)).toMatchObject(narrowed);
				await store.members.setMemberRules(member.id, {});
				expect(store.members.findKey(secret)).toEqual(key);
				expect(store.members.listMembers()[0]).not.toHaveProperty('rules');
			});

			it('of a key are changed like those of a member, and its tiers with them', async () => {
				const member = await store.members.addMember('ada', {});
				const { secret, key } = await store.members.addKey({ ...NEW_KEY, memberId: member.id });
				await store.members.setKeyRules(key.id, { isLocalOnly: true, parallelCalls: 2 }, ['frontier']);
				const changed = { keptHereBy: 'key', allowedTiers: ['frontier'], limits: [{ id: key.id, limits: { parallelCalls: 2 } }] };
				expect(store.members.findKey(secret)).toMatchObject(changed);
				await reopen();
				expect(store.members.findKey(secret)).toMatchObject(changed);
				await expect(store.members.setKeyRules('k_none', {})).rejects.toMatchObject({ code: 'not-found' });
			});
		});

		describe('a member that is removed', () => {
			it('leaves no key, no record and no account; what the team spent stays', async () => {
				const ada = await store.members.addMember('ada', {});
				const bob = await store.members.addMember('bob', {});
				const { secret, key } = await store.members.addKey({ ...NEW_KEY, memberId: ada.id });
				await spendOn(store, 'c1', scopeOf('t', { memberId: ada.id, keyId: key.id }), USD);
				await spendOn(store, 'c2', scopeOf('t', { memberId: bob.id }), USD);
				store.history.record({ ...decisionOf('c1'), keyId: key.id }, outcomeOf('c1'));
				store.history.record(decisionOf('c2'), outcomeOf('c2'));
				await store.members.removeMember(ada.id);
				// A call that was running all the while ends now.
				store.history.record({ ...decisionOf('c3'), keyId: key.id }, outcomeOf('c3'));
				const check = async (): Promise<void> => {
					expect(store.members.findKey(secret)).toBeUndefined();
					expect(store.members.listKeys()).toEqual([]);
					expect(store.members.listMembers().map(({ name }) => name)).toEqual(['bob']);
					expect((await store.history.recent(9)).map(({ decision }) => decision.callId)).toEqual(['c2']);
					expect(store.ledger.spend().some((row) => row.id === ada.id || row.name === 'ada')).toBe(false);
					expect(teamDay(store)?.settledNanoUsd).toBe(2 * USD);
					expect((await store.spendByDay(9)).map((row) => row.id)).toEqual(['team', bob.id]);
				};
				await check();
				await reopen();
				await check();
				await expect(store.members.removeMember(ada.id)).rejects.toMatchObject({ code: 'not-found' });
			});

			it('gives back what its trees held, and stays while a call of it holds money', async () => {
				const ada = await store.members.addMember('ada', {});
				await admit(store, 'c1', scopeOf('t', { memberId: ada.id }), USD);
				await expect(store.members.removeMember(ada.id)).rejects.toMatchObject({ code: 'invalid-call', isRetryable: true });
				expect(store.members.listMembers()).toHaveLength(1);
				store.ledger.release('c1');
				expect(teamDay(store)?.reservedNanoUsd).toBe(5 * USD);
				await store.members.removeMember(ada.id);
				expect(teamDay(store)?.reservedNanoUsd).toBe(0);
			});

			it('is never the last owner', async () => {
				const ada = await store.members.addMember('ada', {});
				const { key } = await store.members.addKey({ ...NEW_KEY, memberId: ada.id, isOwner: true });
				await expect(store.members.removeMember(ada.id)).rejects.toThrow('last owner');
				await expect(store.members.revokeKey(key.id)).rejects.toThrow('last owner');
			});
		});

		describe('retention', () => {
			const DAY_MS = 86_400_000;
			const ids = async (): Promise<string[]> => (await store.history.recent(99)).map(({ decision }) => decision.callId);

			it('deletes records by age and by count, when it is set and from then on', async () => {
				for (const id of ['c1', 'c2', 'c3', 'c4']) {
					store.history.record(decisionOf(id), outcomeOf(id));
					await spendOn(store, id, scopeOf('t'), 1_000);
					clock.advance(DAY_MS);
				}
				store.setRetention({ callDays: 2, calls: 100, billDays: 90, bills: 100 });
				await store.prune();
				expect(await ids()).toEqual(['c4', 'c3']);
				store.setRetention({ callDays: 90, calls: 1, billDays: 90, bills: 100 });
				await store.prune();
				expect(await ids()).toEqual(['c4']);
				clock.advance(100 * DAY_MS);
				expect(await store.prune()).toBe(5);
				expect(await ids()).toEqual([]);
				expect(await store.spendByDay(9)).toHaveLength(8);
			});

			it('of no calls keeps none from the first', async () => {
				store.setRetention({ callDays: 90, calls: 0, billDays: 90, bills: 100 });
				store.history.record(decisionOf('c1'), outcomeOf('c1'));
				expect(await ids()).toEqual([]);
			});
		});

		describe('what routing learned', () => {
			const reward: RewardRow = {
				callId: 'c1',
				keyId: 'k1',
				arm: 'sonnet',
				propensity: 0.02,
				kind: 'feedback',
				reward: 0.25,
				weight: 0.5,
				atMs: 17,
			};

			it('is the last that was saved, at once and after a restart', async () => {
				expect(await store.learning.load()).toBeUndefined();
				store.learning.save('{"one":1}');
				store.learning.save('{"two":2}');
				expect(await store.learning.load()).toBe('{"two":2}');
				await store.close();
				store = await at.open(BUDGETS, clock);
				expect(await store.learning.load()).toBe('{"two":2}');
			});

			it('keeps rewards with their propensities, the newest first, one of a kind a call', async () => {
				store.learning.addReward(reward);
				store.learning.addReward({ ...reward, reward: 1 });
				store.learning.addReward({ ...reward, kind: 'repeated' });
				expect(await store.learning.rewards(9)).toEqual([{ ...reward, kind: 'repeated' }, reward]);
				expect(await store.learning.rewards(1)).toHaveLength(1);
			});

			it('goes with the member whose calls it was learned from', async () => {
				const member = await store.members.addMember('ada', {});
				const { key } = await store.members.addKey({ ...NEW_KEY, memberId: member.id });
				store.learning.addReward({ ...reward, keyId: key.id });
				store.learning.addReward({ ...reward, callId: 'c2', keyId: 'other' });
				await store.members.removeMember(member.id);
				expect((await store.learning.rewards(9)).map(({ keyId }) => keyId)).toEqual(['other']);
			});
		});

		describe('history', () => {
			it('finds a call as it was recorded, at once and after a restart', async () => {
				store.history.record(decisionOf('c1'), outcomeOf('c1'));
				const expected = JSON.parse(JSON.stringify({ decision: decisionOf('c1'), outcome: outcomeOf('c1') })) as unknown;
				expect(await store.history.find('c1')).toEqual(expected);
				await reopen();
				expect(await store.history.find('c1')).toEqual(expected);
				expect(await store.history.find('c2')).toBeUndefined();
			});

			it('lists the newest calls first', async () => {
				for (const id of ['c1', 'c2', 'c3']) store.history.record(decisionOf(id), outcomeOf(id));
				expect((await store.history.recent(2)).map((call) => call.decision.callId)).toEqual(['c3', 'c2']);
			});
		});
	});
}
