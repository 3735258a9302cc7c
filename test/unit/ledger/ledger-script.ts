/** Random interleavings of ledger events, run against the state machine beside an independent account of what was billed. */

import fc from 'fast-check';
import type { Budgets, LedgerScope, SpendRow } from '../../../appliance/protocol/ports.ts';
import { EMPTY_SNAPSHOT, type LedgerAlarm, type LedgerEntry } from '../../../appliance/router/budget/ledger-records.ts';
import { LedgerState, type LedgerTime } from '../../../appliance/router/budget/ledger-state.ts';
import { treeIdOf } from '../../../appliance/router/budget/ledger-tree.ts';

const START_MS = Date.UTC(2026, 10, 29, 22);
export const TREE_CEILING = 500;

export const BUDGETS: Budgets = {
	treeNanoUsd: TREE_CEILING,
	memberDayNanoUsd: 900,
	memberMonthNanoUsd: 1_500,
	teamDayNanoUsd: 1_300,
	teamMonthNanoUsd: 3_000,
	treeIdleMs: 60_000,
	openTreesPerMember: 3,
};

export type Step =
	| {
			readonly do: 'reserve';
			readonly call: number;
			readonly member: number;
			readonly tree: number;
			readonly isFree: boolean;
			readonly amount: number;
	  }
	| { readonly do: 'dispatch' | 'release'; readonly call: number }
	| { readonly do: 'settle'; readonly call: number; readonly share: number }
	| { readonly do: 'close'; readonly member: number; readonly tree: number }
	| { readonly do: 'tick'; readonly ms: number }
	/** The clock is set by so much; without a time server's word, one that went back is not believed. */
	| { readonly do: 'clock'; readonly ms: number; readonly isSynchronised: boolean }
	| { readonly do: 'sync' }
	| { readonly do: 'budgets'; readonly share: number }
	| { readonly do: 'member'; readonly member: number; readonly day: number | undefined };

const call = fc.nat(23);
const member = fc.nat(1);
const tree = fc.nat(4);
const hours = 3_600_000;

const reserve = fc.record({ do: fc.constant('reserve' as const), call, member, tree, isFree: fc.constant(false), amount: fc.nat(400) });
const events: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[] = [
	{ weight: 6, arbitrary: reserve },
	{ weight: 5, arbitrary: fc.record({ do: fc.constant('dispatch' as const), call }) },
	{ weight: 5, arbitrary: fc.record({ do: fc.constant('settle' as const), call, share: fc.integer({ min: 0, max: 100 }) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), call }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), member, tree }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.constantFrom(100, 2_500, 61_000, hours) }) },
	{
		weight: 1,
		arbitrary: fc.record({
			do: fc.constant('clock' as const),
			ms: fc.constantFrom(-30 * hours, -hours, 13 * hours, 30 * hours),
			isSynchronised: fc.boolean(),
		}),
	},
	{ weight: 1, arbitrary: fc.constant({ do: 'sync' as const }) },
];
const changes: typeof events = [
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('budgets' as const), share: fc.integer({ min: 10, max: 150 }) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('member' as const), member, day: fc.option(fc.nat(900), { nil: undefined }) }) },
	{ weight: 2, arbitrary: reserve.map((step) => ({ ...step, isFree: true })) },
];

const scriptOf = (of: typeof events): fc.Arbitrary<Step[]> => fc.array(fc.oneof(...of), { minLength: 1, maxLength: 120, size: 'max' });
/** Events under constant budgets, every key with a ceiling. */
export const scripts = scriptOf(events);
/** The same with budgets that change on the way, and keys without a ceiling. */
export const changingScripts = scriptOf([...events, ...changes]);

interface Billed {
	readonly scope: LedgerScope;
	readonly amount: number;
	readonly dayReserved: string;
	readonly waitSeq: number;
	dispatched: boolean;
	/** Set once settled. */
	cost: number | undefined;
}

export class ScriptRun {
	readonly entries: LedgerEntry[] = [];
	readonly alarms: LedgerAlarm[] = [];
	/** Calls that were admitted and not released, by id: the test's own books. */
	readonly calls = new Map<string, Billed>();
	readonly state: LedgerState;
	budgets = BUDGETS;
	durableSeq = 0;
	ledgerWallMs = START_MS;
	/** Settled by day and member, by the test's own sums. */
	readonly settled = new Map<string, number>();
	#day = new Date(START_MS).toISOString().slice(0, 10);
	#time: LedgerTime = { wallMs: START_MS, nowMs: 0 };

	constructor() {
		this.state = new LedgerState(EMPTY_SNAPSHOT, BUDGETS, {
			entry: (entry) => this.entries.push(entry),
			alarm: (alarm) => this.alarms.push(alarm),
		});
		this.state.tick(this.#time);
	}

	get rows(): readonly SpendRow[] {
		return this.state.spend(this.#time);
	}

	get seq(): number {
		return this.entries.at(-1)?.seq ?? 0;
	}

	get day(): string {
		return this.#day;
	}

	/** What the test's books say is settled: of a member or all, in the running day or month, under a ceiling or not. */
	settledOf(memberId: string | undefined, period: 'day' | 'month', isFree: boolean): number {
		let sum = 0;
		const start = period === 'day' ? this.day : this.day.slice(0, 7);
		for (const [key, cost] of this.settled) {
			const [day = '', who, free] = key.split(' ');
			if (day.startsWith(start) && (memberId === undefined || who === memberId) && free === String(isFree)) sum += cost;
		}
		return sum;
	}

	reservedOf(memberId: string | undefined, isFree: boolean): number {
		let sum = 0;
		for (const { scope, amount, cost } of this.calls.values())
			if (cost === undefined && scope.hasCeiling !== isFree && (memberId === undefined || scope.memberId === memberId)) sum += amount;
		return sum;
	}

	/** Spent and running of every tree under a ceiling, by the test's own books, closed and reopened ones included. */
	treeTotals(): ReadonlyMap<string, number> {
		const totals = new Map<string, number>();
		for (const { scope, amount, cost } of this.calls.values()) {
			if (!scope.hasCeiling) continue;
			const id = `${scope.memberId} ${scope.treeKey}`;
			totals.set(id, (totals.get(id) ?? 0) + (cost ?? amount));
		}
		return totals;
	}

	/** Tries one nano-dollar more than the allowance, then the allowance; true when only the second is admitted. */
	admitsItsAllowance(memberNumber: number, treeNumber: number): boolean {
		const scope = scopeOf(memberNumber, treeNumber, true);
		const { nanoUsd } = this.state.allowance(scope, this.#time);
		const above = this.state.reserve('above', scope, nanoUsd + 1, this.#time);
		const exact = this.state.reserve('exact', scope, nanoUsd, this.#time);
		const isOverCount = !exact.isAdmitted && exact.problem.code === 'rate-limited';
		return !above.isAdmitted && (exact.isAdmitted || isOverCount);
	}

	step(step: Step): void {
		switch (step.do) {
			case 'reserve':
				this.#reserve(step);
				return;
			case 'dispatch':
				this.#dispatch(`c${step.call}`);
				return;
			case 'settle':
				this.#settle(`c${step.call}`, step.share);
				return;
			case 'release':
				this.#release(`c${step.call}`);
				return;
			case 'close':
				this.state.closeTree(scopeOf(step.member, step.tree, true));
				return;
			case 'tick':
				this.#move(step.ms, step.ms);
				this.state.tick(this.#time);
				return;
			case 'clock':
				this.#time = { ...this.#time, isSynchronised: step.isSynchronised ? true : undefined };
				this.#move(step.ms, 1_000);
				return;
			case 'sync':
				this.durableSeq = this.seq;
				return;
			case 'budgets':
				this.#setBudgets(step.share);
				return;
			case 'member':
				this.state.setMember(`m${step.member}`, 'somebody', step.day, undefined);
				return;
		}
	}

	#move(wallMs: number, nowMs: number): void {
		this.#time = { ...this.#time, wallMs: this.#time.wallMs + wallMs, nowMs: this.#time.nowMs + nowMs };
		this.ledgerWallMs = Math.max(this.ledgerWallMs, this.#time.wallMs);
		this.#day = new Date(this.ledgerWallMs).toISOString().slice(0, 10);
		// The ledger sees every time that the test saw.
		this.state.spend(this.#time);
	}

	#reserve(step: Step & { do: 'reserve' }): void {
		const id = `c${step.call}`;
		const scope = scopeOf(step.member, step.tree, !step.isFree);
		const known = this.calls.get(id);
		const result = this.state.reserve(id, scope, step.amount, this.#time);
		if (known !== undefined || !result.isAdmitted) return;
		const { day } = this;
		this.calls.set(id, { scope, amount: step.amount, dayReserved: day, waitSeq: result.waitSeq, dispatched: false, cost: undefined });
	}

	#dispatch(id: string): void {
		const known = this.calls.get(id);
		// The service awaits `durable` before anything goes on the wire.
		if (known !== undefined) this.durableSeq = Math.max(this.durableSeq, known.waitSeq);
		this.state.dispatch(id);
		if (known !== undefined) known.dispatched = true;
	}

	#settle(id: string, share: number): void {
		const known = this.calls.get(id);
		if (known === undefined || !known.dispatched) return;
		const costNanoUsd = Math.floor((known.amount * share) / 100);
		this.state.settle(id, { deployment: 'd', costNanoUsd, isBound: false }, this.#time);
		if (known.cost !== undefined) return;
		known.cost = costNanoUsd;
		const key = `${this.day} ${known.scope.memberId} ${!known.scope.hasCeiling}`;
		this.settled.set(key, (this.settled.get(key) ?? 0) + costNanoUsd);
	}

	#release(id: string): void {
		const known = this.calls.get(id);
		if (known?.dispatched === true) return;
		this.state.release(id, this.#time);
		if (known?.cost === undefined) this.calls.delete(id);
	}

	#setBudgets(share: number): void {
		const part = (nanoUsd: number | undefined): number => Math.floor(((nanoUsd ?? 0) * share) / 100);
		this.budgets = {
			...BUDGETS,
			memberDayNanoUsd: part(BUDGETS.memberDayNanoUsd),
			memberMonthNanoUsd: part(BUDGETS.memberMonthNanoUsd),
			teamDayNanoUsd: part(BUDGETS.teamDayNanoUsd),
			teamMonthNanoUsd: part(BUDGETS.teamMonthNanoUsd),
		};
		this.state.setBudgets(this.budgets, this.#time);
	}
}

function scopeOf(memberNumber: number, treeNumber: number, hasCeiling: boolean): LedgerScope {
	return {
		keyId: 'k1',
		memberId: `m${memberNumber}`,
		treeKey: `t${treeNumber}`,
		sessionId: treeNumber > 2 ? 's1' : undefined,
		hasCeiling,
		treeCeilingNanoUsd: TREE_CEILING,
	};
}

export const idOf = (scope: LedgerScope): string => treeIdOf(scope);
