/** The ledger's rules one by one: trees opened, enlarged, closed and remembered; bills that must not be. */

import { describe, expect, it } from 'vitest';
import type { Budgets, LedgerScope, SpendRow } from '../../../appliance/protocol/ports.ts';
import type { Problem } from '../../../appliance/protocol/problem.ts';
import { EMPTY_SNAPSHOT, type LedgerAlarm, type LedgerEntry } from '../../../appliance/router/budget/ledger-records.ts';
import { LedgerState, type LedgerTime } from '../../../appliance/router/budget/ledger-state.ts';

const BUDGETS: Budgets = {
	treeNanoUsd: 100,
	memberDayNanoUsd: 250,
	memberMonthNanoUsd: undefined,
	teamDayNanoUsd: 400,
	teamMonthNanoUsd: 4_000,
	treeIdleMs: 60_000,
	openTreesPerMember: 3,
};

const scope = (treeKey: string, more: Partial<LedgerScope> = {}): LedgerScope => ({
	keyId: 'k',
	memberId: 'ada',
	treeKey,
	sessionId: undefined,
	hasCeiling: true,
	treeCeilingNanoUsd: 100,
	...more,
});

class Bench {
	readonly entries: LedgerEntry[] = [];
	readonly alarms: LedgerAlarm[] = [];
	time: LedgerTime = { wallMs: Date.UTC(2026, 10, 23, 12), nowMs: 0 };
	readonly state: LedgerState;

	constructor(budgets: Partial<Budgets> = {}) {
		this.state = new LedgerState(
			EMPTY_SNAPSHOT,
			{ ...BUDGETS, ...budgets },
			{ entry: (entry) => this.entries.push(entry), alarm: (alarm) => this.alarms.push(alarm) },
		);
	}

	wait(ms: number): void {
		this.time = { wallMs: this.time.wallMs + ms, nowMs: this.time.nowMs + ms };
		this.state.tick(this.time);
	}

	/** Undefined when admitted. */
	reserve(callId: string, of: LedgerScope, nanoUsd: number): Problem | undefined {
		const result = this.state.reserve(callId, of, nanoUsd, this.time);
		return result.isAdmitted ? undefined : result.problem;
	}

	settle(callId: string, costNanoUsd: number): void {
		this.state.dispatch(callId);
		this.state.settle(callId, { deployment: 'd', costNanoUsd, isBound: false }, this.time);
	}

	spend(callId: string, of: LedgerScope, costNanoUsd: number): void {
		expect(this.reserve(callId, of, costNanoUsd)).toBeUndefined();
		this.settle(callId, costNanoUsd);
		this.wait(1);
	}

	row(rowScope: SpendRow['scope'], period: SpendRow['period'] = 'day'): SpendRow | undefined {
		return this.state.spend(this.time).find((row) => row.scope === rowScope && row.period === period);
	}

	openTrees(): string[] {
		return this.state.openTrees().map((tree) => tree.treeKey);
	}

	allowance(of: LedgerScope): { nanoUsd: number; boundBy: string } {
		return this.state.allowance(of, this.time);
	}
}

describe('a tree', () => {
	it('takes what the budgets have left where its whole ceiling does not fit', () => {
		const bench = new Bench();
		for (const key of ['a', 'b']) bench.reserve(key, scope(key), 10);
		expect(bench.allowance(scope('c'))).toEqual({ nanoUsd: 50, boundBy: 'member-day' });
		expect(bench.reserve('c', scope('c'), 50)).toBeUndefined();
		expect(bench.row('member')).toMatchObject({ reservedNanoUsd: 250, ceilingNanoUsd: 250 });
	});

	it('grows back to its whole ceiling once the budgets allow', () => {
		const bench = new Bench();
		for (const key of ['a', 'b', 'c']) bench.reserve(key, scope(key), 10);
		expect(bench.reserve('c2', scope('c'), 60)).toMatchObject({ code: 'budget-exhausted', details: { boundBy: 'member-day' } });
		bench.settle('a', 0);
		bench.state.closeTree(scope('a'));
		expect(bench.reserve('c2', scope('c'), 60)).toBeUndefined();
		expect(bench.state.spend(bench.time).find((row) => row.id === 'c')?.ceilingNanoUsd).toBe(100);
	});

	it('gives back what it did not spend when it was idle, never while a call runs', () => {
		const bench = new Bench();
		bench.spend('1', scope('a'), 10);
		bench.reserve('2', scope('b'), 10);
		bench.wait(60_000);
		expect(bench.openTrees()).toEqual(['b']);
		expect(bench.row('member')).toMatchObject({ settledNanoUsd: 10, reservedNanoUsd: 100 });
	});

	it('ends when the next prompt of its session opens, unless a call of it runs', () => {
		const bench = new Bench();
		const of = (key: string): LedgerScope => scope(key, { sessionId: 's' });
		bench.spend('1', of('a'), 10);
		bench.reserve('2', of('b'), 10);
		expect(bench.openTrees()).toEqual(['b']);
		bench.reserve('3', of('c'), 10);
		expect(bench.openTrees()).toEqual(['b', 'c']);
	});

	it('does not get a fresh ceiling by being opened again', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined });
		bench.spend('1', scope('a'), 70);
		bench.wait(60_000);
		expect(bench.openTrees()).toEqual([]);
		expect(bench.allowance(scope('a'))).toEqual({ nanoUsd: 30, boundBy: 'tree' });
		expect(bench.reserve('2', scope('a'), 31)?.message).toMatch(/call tree has \$0\.0001 of its/);
		expect(bench.reserve('2', scope('a'), 30)).toBeUndefined();
	});

	it('is forgotten, the longest closed first, when ten thousand are remembered', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined, teamDayNanoUsd: undefined, teamMonthNanoUsd: undefined });
		for (let n = 0; n < 10_001; n += 1) {
			bench.reserve(`c${n}`, scope(`t${n}`), 10);
			bench.settle(`c${n}`, 10);
			bench.state.closeTree(scope(`t${n}`));
		}
		bench.wait(1);
		expect(bench.entries.at(-1)?.changes).toEqual([{ kind: 'forget-tree', id: 'ada b t0' }]);
		expect(bench.allowance(scope('t0')).nanoUsd).toBe(100);
		expect(bench.allowance(scope('t1')).nanoUsd).toBe(90);
	});

	it("cannot be reached by another member's key", () => {
		const bench = new Bench();
		bench.spend('1', scope('a'), 70);
		expect(bench.allowance(scope('a', { memberId: 'bob' })).nanoUsd).toBe(100);
	});

	it('makes the idlest of its member close when there are as many as allowed, or the budget needs it', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined });
		for (const key of ['a', 'b', 'c']) bench.spend(key, scope(key), 10);
		bench.reserve('d', scope('d'), 10);
		expect(bench.openTrees()).toEqual(['b', 'c', 'd']);
		const poor = new Bench();
		for (const key of ['a', 'b']) poor.spend(key, scope(key), 10);
		poor.reserve('c', scope('c'), 90);
		expect(poor.openTrees()).toEqual(['b', 'c']);
	});

	it('lets others have what it set aside and does not use, the idlest first and no more than they lack', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined });
		for (const name of ['ada', 'bob', 'cy', 'dan']) bench.spend(name, scope('t', { memberId: name }), 10);
		expect(bench.row('team')).toMatchObject({ settledNanoUsd: 40, reservedNanoUsd: 360 });
		const eve = scope('t', { memberId: 'eve' });
		expect(bench.allowance(eve)).toEqual({ nanoUsd: 100, boundBy: 'tree' });
		expect(bench.reserve('eve', eve, 70)).toBeUndefined();
		const rest = bench.state.openTrees().map(({ memberId, ceilingNanoUsd }) => `${memberId} ${ceilingNanoUsd}`);
		expect(rest).toEqual(['ada 30', 'bob 100', 'cy 100', 'dan 100', 'eve 70']);
		expect(bench.row('team')).toMatchObject({ settledNanoUsd: 40, reservedNanoUsd: 360 });
	});

	it('keeps what it set aside while a call of it runs, whoever wants it', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined });
		for (const name of ['ada', 'bob', 'cy', 'dan']) bench.reserve(name, scope('t', { memberId: name }), 10);
		expect(bench.allowance(scope('t', { memberId: 'eve' }))).toEqual({ nanoUsd: 0, boundBy: 'team-day' });
		expect(bench.reserve('eve', scope('t', { memberId: 'eve' }), 1)).toMatchObject({ code: 'budget-exhausted' });
	});

	it('is refused when as many as allowed are all at work', () => {
		const bench = new Bench({ memberDayNanoUsd: undefined });
		for (const key of ['a', 'b', 'c']) bench.reserve(key, scope(key), 10);
		expect(bench.reserve('d', scope('d'), 10)).toMatchObject({ code: 'rate-limited', isRetryable: true, retryAfterSeconds: 10 });
	});

	it('waits for the disk at the first call and when its exposure grows, not between', () => {
		const bench = new Bench();
		const waits = ['1', '2', '3', '4'].map((callId, index) => {
			const durable = bench.entries.at(-1)?.seq ?? 0;
			const result = bench.state.reserve(callId, scope('a'), index === 3 ? 90 : 10, bench.time);
			bench.settle(callId, 2);
			return result.isAdmitted && result.waitSeq > durable;
		});
		expect(waits).toEqual([true, false, false, true]);
	});
});

describe('a call that can cost nothing', () => {
	it('is admitted with every budget spent, and opens no tree', () => {
		const bench = new Bench({ teamDayNanoUsd: 0 });
		expect(bench.reserve('1', scope('a'), 0)).toBeUndefined();
		bench.settle('1', 0);
		expect(bench.openTrees()).toEqual([]);
		expect(bench.entries.flatMap((entry) => entry.changes)).toEqual([]);
	});
});

describe('a bill', () => {
	it('above its bound is booked in full, and reported', () => {
		const bench = new Bench();
		bench.reserve('1', scope('a'), 10);
		bench.settle('1', 130);
		expect(bench.alarms).toEqual([{ kind: 'overrun', callId: '1', reservedNanoUsd: 10, costNanoUsd: 130 }]);
		expect(bench.row('member')).toMatchObject({ settledNanoUsd: 130, reservedNanoUsd: 0 });
		expect(bench.reserve('2', scope('a'), 1)).toMatchObject({ details: { boundBy: 'tree', leftNanoUsd: 0 } });
	});

	it('that comes after its call was released is booked once, and reported', () => {
		const bench = new Bench();
		bench.reserve('1', scope('a'), 10);
		bench.state.release('1', bench.time);
		bench.settle('1', 5);
		bench.settle('1', 5);
		expect(bench.alarms).toHaveLength(1);
		expect(bench.row('member')?.settledNanoUsd).toBe(5);
	});

	it('for a call that never reserved is reported', () => {
		const bench = new Bench();
		bench.settle('1', 5);
		expect(bench.alarms).toEqual([{ kind: 'unknown-call', callId: '1', reservedNanoUsd: 0, costNanoUsd: 5 }]);
	});

	it.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])('of %s is no amount: the bound is booked, and it is reported', (cost) => {
		const bench = new Bench();
		bench.reserve('1', scope('a'), 10);
		bench.settle('1', cost);
		expect(bench.alarms.map((alarm) => alarm.kind)).toEqual(['invalid-cost']);
		expect(bench.row('member')?.settledNanoUsd).toBe(10);
		expect(() => bench.reserve('2', scope('a'), cost)).toThrow(RangeError);
	});
});

describe('a call id', () => {
	it('that was settled cannot reserve again; one that was released can', () => {
		const bench = new Bench();
		bench.spend('1', scope('a'), 10);
		expect(bench.reserve('1', scope('a'), 10)).toMatchObject({ code: 'internal' });
		bench.reserve('2', scope('a'), 10);
		bench.state.release('2', bench.time);
		expect(bench.reserve('2', scope('a'), 10)).toBeUndefined();
	});
});

describe('periods', () => {
	it('carry what is set aside into the new day, and start what is settled afresh', () => {
		const bench = new Bench();
		bench.reserve('1', scope('a'), 10);
		bench.spend('2', scope('a'), 20);
		bench.wait(24 * 3_600_000);
		expect(bench.row('member')).toMatchObject({ settledNanoUsd: 0, reservedNanoUsd: 80 });
		expect(bench.row('team', 'month')).toMatchObject({ settledNanoUsd: 20, reservedNanoUsd: 80 });
		bench.settle('1', 10);
		expect(bench.row('member')).toMatchObject({ settledNanoUsd: 10, reservedNanoUsd: 70 });
	});

	it('say in the refusal when they end and what would help', () => {
		const bench = new Bench({ teamDayNanoUsd: 5, memberDayNanoUsd: undefined });
		expect(bench.reserve('1', scope('a'), 10)?.message).toMatch(
			/team's budget of the day .* wait until 2026-11-24T00:00Z, or raise budgets.teamDayUsd/,
		);
	});
});
