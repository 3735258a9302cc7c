/** The team's and the members' budgets: what the running day and month settled, and what is set aside for open trees. */

import type { Allowance } from '../../protocol/plan.ts';
import type { Budgets } from '../../protocol/ports.ts';
import { type Periods, periodsAt } from './ledger-period.ts';
import type { AccountSums, LedgerSnapshot } from './ledger-records.ts';
import type { Tree } from './ledger-tree.ts';

export interface Account {
	readonly id: string;
	name: string;
	daySettledNanoUsd: number;
	monthSettledNanoUsd: number;
	/** Holds of open trees under a ceiling. A stock, not a flow: it stands in every period that it lives in. */
	heldNanoUsd: number;
	/** Of that, the holds of trees at which nothing runs: others may have them where money is short. */
	idleNanoUsd: number;
	/** Reserved by calls of keys without a ceiling: shown, never bounding. */
	unboundedNanoUsd: number;
	/** The member's own ceilings, where they differ from the configuration's. */
	ownDayNanoUsd: number | undefined;
	ownMonthNanoUsd: number | undefined;
	readonly openTrees: Set<Tree>;
}

export interface Bound {
	readonly by: Exclude<Allowance['boundBy'], 'tree' | 'none' | 'clock' | 'mean'>;
	readonly ceilingNanoUsd: number;
	readonly settledNanoUsd: number;
	readonly heldNanoUsd: number;
	readonly leftNanoUsd: number;
}

export interface Attainable {
	/** The budget that gives least. */
	readonly bound: Bound;
	readonly nanoUsd: number;
}

export class Accounts {
	readonly team: Account;
	readonly members = new Map<string, Account>();
	periods: Periods;
	/** Ledger time: the latest wall time ever seen, so that a clock set back reopens no budget. */
	wallMs: number;
	budgets: Budgets;

	constructor(snapshot: LedgerSnapshot, budgets: Budgets) {
		this.budgets = budgets;
		this.wallMs = snapshot.atMs;
		this.periods = periodsAt(snapshot.atMs);
		this.team = newAccount('team', 'team', snapshot.team);
		for (const sums of snapshot.members) this.members.set(sums.id, newAccount(sums.id, sums.id, sums));
	}

	/** The account of a member; made on first sight. */
	member(id: string): Account {
		const known = this.members.get(id);
		if (known !== undefined) return known;
		const made = newAccount(id, id, undefined);
		this.members.set(id, made);
		return made;
	}

	/** Moves ledger time forward, never back. Returns true when a day (and perhaps a month) ended. */
	advance(wallMs: number): boolean {
		if (wallMs > this.wallMs) this.wallMs = wallMs;
		if (this.wallMs < this.periods.dayEndsMs) return false;
		const next = periodsAt(this.wallMs);
		const isNewMonth = next.month !== this.periods.month;
		this.periods = next;
		for (const account of [this.team, ...this.members.values()]) {
			account.daySettledNanoUsd = 0;
			if (isNewMonth) account.monthSettledNanoUsd = 0;
		}
		return true;
	}

	settle(memberId: string, costNanoUsd: number): void {
		addSettled(this.team, costNanoUsd);
		addSettled(this.member(memberId), costNanoUsd);
	}

	addHold(tree: Tree, deltaNanoUsd: number, idleDeltaNanoUsd: number): void {
		addHeld(this.team, tree.isBounded, deltaNanoUsd, idleDeltaNanoUsd);
		addHeld(this.member(tree.memberId), tree.isBounded, deltaNanoUsd, idleDeltaNanoUsd);
	}

	/** The tightest of the four budgets above a tree; undefined where none is set. */
	tightest(memberId: string): Bound | undefined {
		return leastOf(this.boundsAbove(memberId), ({ leftNanoUsd }) => leftNanoUsd);
	}

	/** What the budgets above a tree could give it if all other trees at which nothing runs gave back what they hold. */
	attainable(memberId: string, exceptNanoUsd: number): Attainable | undefined {
		const member = this.member(memberId);
		const idleOf = ({ by }: Bound) => (by.startsWith('team') ? this.team : member).idleNanoUsd - exceptNanoUsd;
		const withIdle = (bound: Bound) => bound.leftNanoUsd + idleOf(bound);
		const bound = leastOf(this.boundsAbove(memberId), withIdle);
		return bound && { bound, nanoUsd: withIdle(bound) };
	}

	boundsAbove(memberId: string): Bound[] {
		const bounds: Bound[] = [];
		this.#addBounds(bounds, this.member(memberId));
		this.#addBounds(bounds, this.team);
		return bounds;
	}

	boundsOf(account: Account): Bound[] {
		const bounds: Bound[] = [];
		this.#addBounds(bounds, account);
		return bounds;
	}

	#addBounds(bounds: Bound[], account: Account): void {
		const isTeam = account === this.team;
		const { daySettledNanoUsd, monthSettledNanoUsd, heldNanoUsd } = account;
		const day = isTeam ? this.budgets.teamDayNanoUsd : (account.ownDayNanoUsd ?? this.budgets.memberDayNanoUsd);
		const month = isTeam ? this.budgets.teamMonthNanoUsd : (account.ownMonthNanoUsd ?? this.budgets.memberMonthNanoUsd);
		if (day !== undefined) bounds.push(boundOf(isTeam ? 'team-day' : 'member-day', day, daySettledNanoUsd, heldNanoUsd));
		if (month !== undefined) bounds.push(boundOf(isTeam ? 'team-month' : 'member-month', month, monthSettledNanoUsd, heldNanoUsd));
	}
}

function addSettled(account: Account, costNanoUsd: number): void {
	account.daySettledNanoUsd += costNanoUsd;
	account.monthSettledNanoUsd += costNanoUsd;
}

function addHeld(account: Account, isBounded: boolean, deltaNanoUsd: number, idleDeltaNanoUsd: number): void {
	if (isBounded) account.heldNanoUsd += deltaNanoUsd;
	else account.unboundedNanoUsd += deltaNanoUsd;
	account.idleNanoUsd += idleDeltaNanoUsd;
}

function leastOf(bounds: readonly Bound[], size: (bound: Bound) => number): Bound | undefined {
	let least: Bound | undefined;
	for (const bound of bounds) if (least === undefined || size(bound) < size(least)) least = bound;
	return least;
}

function boundOf(by: Bound['by'], ceilingNanoUsd: number, settledNanoUsd: number, heldNanoUsd: number): Bound {
	return { by, ceilingNanoUsd, settledNanoUsd, heldNanoUsd, leftNanoUsd: ceilingNanoUsd - settledNanoUsd - heldNanoUsd };
}

function newAccount(id: string, name: string, sums: AccountSums | undefined): Account {
	return {
		id,
		name,
		daySettledNanoUsd: sums?.dayNanoUsd ?? 0,
		monthSettledNanoUsd: sums?.monthNanoUsd ?? 0,
		heldNanoUsd: 0,
		idleNanoUsd: 0,
		unboundedNanoUsd: 0,
		ownDayNanoUsd: undefined,
		ownMonthNanoUsd: undefined,
		openTrees: new Set(),
	};
}
