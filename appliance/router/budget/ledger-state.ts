/** The ledger as a pure state machine: events in, admissions and journal entries out; no I/O, no clock of its own. */

import type { Allowance } from '../../protocol/plan.ts';
import type { Budgets, LedgerScope, Settlement, SpendRow } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { admittingTree, allowanceOf, refusalOf } from './ledger-admission.ts';
import { LedgerBook, type LedgerOutputs } from './ledger-book.ts';
import { Calls, type HeldCall } from './ledger-calls.ts';
import { type ClockFault, type ClockReading, clockFault, clockProblem } from './ledger-clock.ts';
import type { LedgerSnapshot } from './ledger-records.ts';
import { alreadySettled, assertNanoUsd, isNanoUsd } from './ledger-refusal.ts';
import { spendRows } from './ledger-spend.ts';
import { type Tree, treeIdOf } from './ledger-tree.ts';

/** An instant as the ledger needs it: `wallMs` (epoch) for periods, `nowMs` (monotonic) for idleness. */
export interface LedgerTime extends ClockReading {
	readonly nowMs: number;
}

export type Admission =
	/** `waitSeq`: the journal entry that must be durable before the call goes out; 0 for none. */
	{ readonly isAdmitted: true; readonly waitSeq: number } | { readonly isAdmitted: false; readonly problem: Problem };

/** A tree quiet for this long gets its exposure lowered to what is at stake, so that a crash charges it exactly. */
const QUIET_AFTER_MS = 2_000;

/**
 * Holds settled + reserved ≤ ceiling at tree, member and team, for any interleaving of its events.
 *
 * A bounded tree sets its ceiling aside in the accounts above it when it opens: `settled + held` there moves only by
 * opening, enlarging and closing, each checked; a settlement moves money from held to settled and changes no sum.
 * Held money is a stock: when a day or month ends, what is settled starts afresh and what is held stays, so the new
 * period covers the trees that live into it. Every event that moves money yields one journal entry.
 */
export class LedgerState {
	readonly #book: LedgerBook;
	readonly #calls = new Calls();

	/** Rebuilds the ledger. Trees and reservations left open by a crash stand as they were: see `recoverLedger`. */
	constructor(snapshot: LedgerSnapshot, budgets: Budgets, outputs: LedgerOutputs) {
		this.#book = new LedgerBook(snapshot, budgets, outputs);
		for (const { callId, treeId, keyId, nanoUsd, isDispatched } of snapshot.reservations) {
			const tree = this.#book.trees.get(treeId);
			if (tree === undefined) continue;
			this.#calls.hold({ callId, memberId: tree.memberId, keyId, tree, nanoUsd, isDispatched });
			this.#book.hold(tree, nanoUsd);
		}
	}

	/** How much a new call of this scope could reserve now, and what bounds it. */
	allowance(scope: LedgerScope, time: LedgerTime): Allowance {
		const fault = this.#see(time);
		if (fault !== undefined) return { nanoUsd: 0, boundBy: 'clock', problem: clockProblem(fault) };
		return allowanceOf(this.#book, scope);
	}

	/** Holds the worst cost of a call. A replay of a running call changes nothing. Throws a RangeError for a bad amount. */
	reserve(callId: string, scope: LedgerScope, worstCostNanoUsd: number, time: LedgerTime): Admission {
		assertNanoUsd(worstCostNanoUsd);
		assertNanoUsd(scope.treeCeilingNanoUsd);
		const fault = this.#see(time);
		const running = this.#calls.held.get(callId);
		if (running !== undefined) return { isAdmitted: true, waitSeq: this.#book.waitSeq(running.tree) };
		const problem = this.#calls.isSettled(callId) ? alreadySettled(callId) : this.#refusal(scope, worstCostNanoUsd, fault);
		if (problem !== undefined) return { isAdmitted: false, problem };
		const tree = this.#treeFor(scope, worstCostNanoUsd);
		const call: HeldCall = { callId, memberId: scope.memberId, keyId: scope.keyId, tree, nanoUsd: worstCostNanoUsd, isDispatched: false };
		this.#calls.hold(call);
		if (tree !== undefined) {
			tree.lastActiveMs = time.nowMs;
			this.#book.hold(tree, worstCostNanoUsd);
			if (worstCostNanoUsd > 0) this.#book.journalHold(call, tree);
		}
		return { isAdmitted: true, waitSeq: worstCostNanoUsd === 0 ? 0 : this.#book.waitSeq(tree) };
	}

	/** The call goes on the wire: a crash from here on settles it at its bound. */
	dispatch(callId: string): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined || call.isDispatched) return;
		call.isDispatched = true;
		if (call.nanoUsd > 0) this.#book.journal([{ kind: 'dispatch', callId }], false);
	}

	/** Records the true cost. Above its bound it is recorded all the same, and an alarm goes out. */
	settle(callId: string, settlement: Settlement, time: LedgerTime): void {
		this.#see(time);
		const call = this.#calls.held.get(callId);
		if (call === undefined) {
			this.#settleLate(callId, settlement);
			return;
		}
		const isAmount = isNanoUsd(settlement.costNanoUsd);
		if (!isAmount) this.#book.alarm('invalid-cost', callId, call.nanoUsd, settlement.costNanoUsd);
		this.#end(call, 'settled', time);
		this.#charge(call, isAmount ? settlement : { ...settlement, costNanoUsd: call.nanoUsd, isBound: true });
	}

	/** Gives the hold back: nothing was sent, or nothing can be billed. */
	release(callId: string, time: LedgerTime): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined) return;
		this.#end(call, 'released', time);
		if (call.nanoUsd > 0) this.#book.journal([{ kind: 'release', callId }], false);
	}

	/** Closes idle trees, lowers the exposure of quiet ones, moves ledger time. Call it about once a second. */
	tick(time: LedgerTime): void {
		this.#see(time);
		for (const tree of this.#book.openTrees()) {
			const idleMs = time.nowMs - tree.lastActiveMs;
			if (tree.runningCalls === 0 && idleMs >= this.#book.accounts.budgets.treeIdleMs) this.#book.close(tree);
			else if (idleMs >= QUIET_AFTER_MS) this.#book.tighten(tree);
		}
		this.#book.forgetTrees();
	}

	/** Closes one tree now, if no call of it runs. */
	closeTree(scope: LedgerScope): void {
		const tree = this.#book.trees.get(treeIdOf(scope));
		if (tree?.isOpen === true && tree.runningCalls === 0) this.#book.close(tree);
	}

	/** Ends everything: undispatched calls are released, dispatched ones settle at their bound, all trees close. */
	closeAll(time: LedgerTime): void {
		this.#see(time);
		for (const call of this.heldCalls()) this.endAtBound(call.callId, 'unsettled at a stop', time);
		for (const tree of this.#book.openTrees()) this.#book.close(tree);
	}

	/** The end of a call whose outcome will never be known: at its bound where it was sent, else at nothing. */
	endAtBound(callId: string, deployment: string, time: LedgerTime): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined) return;
		if (call.isDispatched) this.settle(callId, { deployment, costNanoUsd: call.nanoUsd, isBound: true }, time);
		else this.release(callId, time);
	}

	/** After a crash: charges what the tree may have spent beyond what the journal knows, and closes it. */
	closeCrashed(tree: Tree, isTailKnown: boolean): void {
		const nanoUsd = tree.exposureNanoUsd - tree.spentNanoUsd;
		if (!isTailKnown && nanoUsd > 0) {
			const callId = `lost:${this.#book.seq + 1}`;
			const call: HeldCall = { callId, memberId: tree.memberId, keyId: 'unknown', tree, nanoUsd, isDispatched: true };
			this.#book.charge(call, { deployment: 'lost at a crash', costNanoUsd: nanoUsd, isBound: true });
		}
		this.#book.close(tree);
	}

	/** New ceilings. Where they are under what is set aside, open trees give back what no call of theirs has reserved. */
	setBudgets(budgets: Budgets, time: LedgerTime): void {
		this.#see(time);
		this.#book.accounts.budgets = budgets;
		this.#book.shrinkHolds();
	}

	/** A member's name and own ceilings (undefined: the configuration's). */
	setMember(id: string, name: string, dayNanoUsd: number | undefined, monthNanoUsd: number | undefined): void {
		const account = this.#book.accounts.member(id);
		account.name = name;
		account.ownDayNanoUsd = dayNanoUsd;
		account.ownMonthNanoUsd = monthNanoUsd;
		this.#book.shrinkHolds();
	}

	/** False, and nothing done, while a call of the member holds money. */
	forgetMember(id: string, time: LedgerTime): boolean {
		this.#book.advance(time.wallMs);
		if (this.heldCalls().some(({ memberId }) => memberId === id)) return false;
		this.#book.forgetMember(id);
		return true;
	}

	spend(time: LedgerTime): readonly SpendRow[] {
		this.#see(time);
		return spendRows(this.#book.accounts, this.#book.openTrees());
	}

	/** What is wrong with this reading of the clock; changes nothing. */
	clockFault(time: ClockReading): ClockFault | undefined {
		const { wallMs, budgets } = this.#book.accounts;
		return clockFault(time, wallMs, budgets.trustClock === true);
	}

	/** Latest ledger time (monotone epoch ms). */
	get wallMs(): number {
		return this.#book.accounts.wallMs;
	}

	heldCalls(): readonly HeldCall[] {
		return [...this.#calls.held.values()];
	}

	openTrees(): readonly Tree[] {
		return this.#book.openTrees();
	}

	/** A call that can cost nothing opens no tree: it needs no hold, and is served when every budget is spent. */
	#isFree(scope: LedgerScope, nanoUsd: number): boolean {
		return nanoUsd === 0 && this.#book.trees.get(treeIdOf(scope))?.isOpen !== true;
	}

	#refusal(scope: LedgerScope, nanoUsd: number, fault: ClockFault | undefined): Problem | undefined {
		if (nanoUsd === 0) return undefined;
		return fault === undefined ? refusalOf(this.#book, scope, nanoUsd) : clockProblem(fault);
	}

	/** Moves ledger time forward by a clock that can be believed; says what is wrong with one that cannot. */
	#see(time: ClockReading): ClockFault | undefined {
		const fault = this.clockFault(time);
		if (fault === undefined) this.#book.advance(time.wallMs);
		return fault;
	}

	#treeFor(scope: LedgerScope, nanoUsd: number): Tree | undefined {
		return this.#isFree(scope, nanoUsd) ? undefined : admittingTree(this.#book, scope, nanoUsd);
	}

	#end(call: HeldCall, end: 'settled' | 'released', time: LedgerTime): void {
		this.#calls.end(call, end);
		if (call.tree === undefined) return;
		call.tree.lastActiveMs = time.nowMs;
		this.#book.unhold(call.tree, call.nanoUsd);
	}

	#charge(call: HeldCall, settlement: Settlement): void {
		if (settlement.costNanoUsd > call.nanoUsd) this.#book.alarm('overrun', call.callId, call.nanoUsd, settlement.costNanoUsd);
		if (settlement.costNanoUsd > 0 || call.nanoUsd > 0) this.#book.charge(call, settlement);
	}

	/** A bill that comes after its call was released is booked, with an alarm; one for an unknown call can only be reported. */
	#settleLate(callId: string, settlement: Settlement): void {
		if (this.#calls.isSettled(callId) || settlement.costNanoUsd === 0) return;
		const ended = this.#calls.released(callId);
		if (ended === undefined || !isNanoUsd(settlement.costNanoUsd)) {
			this.#book.alarm('unknown-call', callId, 0, settlement.costNanoUsd);
			return;
		}
		const late: HeldCall = { ...ended, nanoUsd: 0 };
		this.#calls.end(late, 'settled');
		this.#charge(late, settlement);
	}
}
