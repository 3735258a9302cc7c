/** The ledger as a pure state machine: events in, admissions and journal entries out; no I/O, no clock of its own. */

import type { Allowance } from '../../protocol/plan.ts';
import type { Budgets, LedgerScope, Settlement, SpendRow } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { Accounts } from './ledger-accounts.ts';
import { Calls, type HeldCall } from './ledger-calls.ts';
import type { LedgerAlarm, LedgerChange, LedgerEntry, LedgerSnapshot } from './ledger-records.ts';
import { alreadySettled, assertNanoUsd, budgetExhausted, isNanoUsd, tooManyTrees, treeExhausted } from './ledger-refusal.ts';
import { spendRows } from './ledger-spend.ts';
import { exposureFor, holdOf, newTree, rowOf, type Tree, treeFromRow, treeIdOf } from './ledger-tree.ts';

/** An instant as the ledger needs it: `wallMs` (epoch) for periods, `nowMs` (monotonic) for idleness. */
export interface LedgerTime {
	readonly wallMs: number;
	readonly nowMs: number;
}

export type Admission =
	/** `waitSeq`: the journal entry that must be durable before the call goes out; 0 for none. */
	{ readonly isAdmitted: true; readonly waitSeq: number } | { readonly isAdmitted: false; readonly problem: Problem };

export interface LedgerOutputs {
	entry(entry: LedgerEntry): void;
	alarm(alarm: LedgerAlarm): void;
}

/** What an allowance says where nothing bounds: a million dollars, so that sums stay exact. */
export const UNBOUNDED_NANO_USD = 1_000_000_000_000_000;

/** A tree quiet for this long gets its exposure lowered to what it spent, so that a crash charges it exactly. */
export const QUIET_AFTER_MS = 2_000;

/** Closed trees whose spending is remembered, so that a key used again does not buy a fresh ceiling. */
const REMEMBERED_TREES = 10_000;

/**
 * Holds settled + reserved ≤ ceiling at tree, member and team, for any interleaving of its events.
 *
 * A bounded tree sets its ceiling aside in the accounts above it when it opens: `settled + held` there moves only by
 * opening, enlarging and closing, each checked; a settlement moves money from held to settled and changes no sum.
 * Every event that changes money yields one journal entry; `isSync` marks those that calls wait for.
 */
export class LedgerState {
	readonly #outputs: LedgerOutputs;
	readonly #accounts: Accounts;
	readonly #calls = new Calls();
	/** Open and remembered trees; a tree moves to the end when it closes, so the first closed one is the oldest. */
	readonly #trees = new Map<string, Tree>();
	#seq: number;
	#rolloverSeq = 0;

	/** Rebuilds the ledger. Trees and reservations left open by a crash stand as they were: see `recoverLedger`. */
	constructor(snapshot: LedgerSnapshot, budgets: Budgets, outputs: LedgerOutputs) {
		this.#outputs = outputs;
		this.#accounts = new Accounts(snapshot, budgets);
		this.#seq = snapshot.seq;
		for (const row of snapshot.trees) this.#restoreTree(treeFromRow(row));
		for (const row of snapshot.reservations) {
			const tree = this.#trees.get(row.treeId);
			if (tree === undefined) continue;
			this.#hold({
				callId: row.callId,
				memberId: tree.memberId,
				keyId: row.keyId,
				tree,
				nanoUsd: row.nanoUsd,
				isDispatched: row.isDispatched,
			});
		}
	}

	/** How much a new call of this scope could reserve now, and what bounds it. */
	allowance(scope: LedgerScope, time: LedgerTime): Allowance {
		this.#advance(time);
		if (!scope.hasCeiling) return { nanoUsd: UNBOUNDED_NANO_USD, boundBy: 'none' };
		const tree = this.#trees.get(treeIdOf(scope));
		const { aside, left } = roomOf(tree, scope);
		const bound = this.#accounts.tightest(scope.memberId);
		const attainable = bound === undefined ? left : aside + bound.leftNanoUsd + this.#reclaimable(scope.memberId, tree);
		const nanoUsd = Math.max(0, Math.min(left, attainable));
		return { nanoUsd, boundBy: bound !== undefined && attainable < left ? bound.by : 'tree' };
	}

	/** Holds the worst cost of a call. A replay of a running call changes nothing. Throws a RangeError for a bad amount. */
	reserve(callId: string, scope: LedgerScope, worstCostNanoUsd: number, time: LedgerTime): Admission {
		assertNanoUsd(worstCostNanoUsd);
		assertNanoUsd(scope.treeCeilingNanoUsd);
		this.#advance(time);
		const running = this.#calls.held.get(callId);
		if (running !== undefined) return { isAdmitted: true, waitSeq: this.#waitSeq(running) };
		if (this.#calls.ended(callId)?.end === 'settled') return { isAdmitted: false, problem: alreadySettled(callId) };
		const found = this.#trees.get(treeIdOf(scope));
		const isFree = worstCostNanoUsd === 0 && found?.isOpen !== true;
		const tree = isFree ? undefined : this.#treeFor(scope, worstCostNanoUsd, found);
		if (tree !== undefined && 'problem' in tree) return { isAdmitted: false, problem: tree.problem };
		const call: HeldCall = { callId, memberId: scope.memberId, keyId: scope.keyId, tree, nanoUsd: worstCostNanoUsd, isDispatched: false };
		this.#hold(call);
		if (tree !== undefined) this.#journalHold(call, tree, time);
		return { isAdmitted: true, waitSeq: this.#waitSeq(call) };
	}

	/** The call goes on the wire: a crash from here on settles it at its bound. */
	dispatch(callId: string): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined || call.isDispatched) return;
		call.isDispatched = true;
		if (call.nanoUsd > 0) this.#journal([{ kind: 'dispatch', callId }], false);
	}

	/** Records the true cost. Above its bound it is recorded all the same, and an alarm goes out. */
	settle(callId: string, settlement: Settlement, time: LedgerTime): void {
		this.#advance(time);
		const call = this.#calls.held.get(callId);
		if (call === undefined) {
			this.#settleLate(callId, settlement);
			return;
		}
		const isAmount = isNanoUsd(settlement.costNanoUsd);
		if (!isAmount) this.#alarm('invalid-cost', call, settlement.costNanoUsd);
		this.#end(call, 'settled', time);
		this.#charge(call, isAmount ? settlement : { ...settlement, costNanoUsd: call.nanoUsd, isBound: true }, true);
	}

	/** Gives the hold back: nothing was sent, or nothing can be billed. */
	release(callId: string, time: LedgerTime): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined) return;
		this.#end(call, 'released', time);
		if (call.nanoUsd > 0) this.#journal([{ kind: 'release', callId }], false);
	}

	/** Closes idle trees, lowers the exposure of quiet ones, moves ledger time. Call it about once a second. */
	tick(time: LedgerTime): void {
		this.#advance(time);
		for (const tree of this.#openTrees()) {
			const idleMs = time.nowMs - tree.lastActiveMs;
			if (tree.runningCalls === 0 && idleMs >= this.#accounts.budgets.treeIdleMs) this.#close(tree);
			else if (idleMs >= QUIET_AFTER_MS) this.#tighten(tree);
		}
		this.#forgetTrees();
	}

	/** Closes one tree now, if no call of it runs. */
	closeTree(scope: LedgerScope): void {
		const tree = this.#trees.get(treeIdOf(scope));
		if (tree?.isOpen === true && tree.runningCalls === 0) this.#close(tree);
	}

	/** Ends everything: undispatched calls are released, dispatched ones settle at their bound, all trees close. */
	closeAll(time: LedgerTime): void {
		this.#advance(time);
		for (const call of [...this.#calls.held.values()]) this.endAtBound(call.callId, 'unsettled at stop', time);
		for (const tree of this.#openTrees()) this.#close(tree);
	}

	/** The end of a call whose outcome will never be known. */
	endAtBound(callId: string, deployment: string, time: LedgerTime): void {
		const call = this.#calls.held.get(callId);
		if (call === undefined) return;
		if (call.isDispatched) this.settle(callId, { deployment, costNanoUsd: call.nanoUsd, isBound: true }, time);
		else this.release(callId, time);
	}

	/** After a crash with an unknown tail: charges what the tree may have spent beyond what the journal knows, and closes it. */
	chargeUnknown(tree: Tree, isTailKnown: boolean): void {
		const unknownNanoUsd = tree.exposureNanoUsd - tree.spentNanoUsd;
		if (!isTailKnown && unknownNanoUsd > 0) {
			const call: HeldCall = {
				callId: `lost:${this.#seq + 1}`,
				memberId: tree.memberId,
				keyId: 'unknown',
				tree,
				nanoUsd: unknownNanoUsd,
				isDispatched: true,
			};
			this.#charge(call, { deployment: 'lost at a crash', costNanoUsd: unknownNanoUsd, isBound: true }, false);
		}
		this.#close(tree);
	}

	/** New ceilings. Where they are under what is set aside, open trees give back what no call of theirs has reserved. */
	setBudgets(budgets: Budgets, time: LedgerTime): void {
		this.#advance(time);
		this.#accounts.budgets = budgets;
		this.#shrinkHolds();
	}

	/** A member's name and own ceilings (undefined: the configuration's). */
	setMember(id: string, name: string, dayNanoUsd: number | undefined, monthNanoUsd: number | undefined): void {
		const account = this.#accounts.member(id);
		account.name = name;
		account.ownDayNanoUsd = dayNanoUsd;
		account.ownMonthNanoUsd = monthNanoUsd;
		this.#shrinkHolds();
	}

	spend(time: LedgerTime): readonly SpendRow[] {
		this.#advance(time);
		return spendRows(this.#accounts, this.#openTrees());
	}

	/** Latest ledger time (monotone epoch ms). */
	get wallMs(): number {
		return this.#accounts.wallMs;
	}

	heldCalls(): readonly HeldCall[] {
		return [...this.#calls.held.values()];
	}

	openTrees(): readonly Tree[] {
		return this.#openTrees();
	}

	/** The tree that takes the call, opened or enlarged where need be; or why not. */
	#treeFor(scope: LedgerScope, nanoUsd: number, found: Tree | undefined): Tree | { readonly problem: Problem } {
		const problem = scope.hasCeiling ? this.#refusal(scope, nanoUsd, found) : undefined;
		if (problem !== undefined) return { problem };
		const tree = found ?? newTree(scope);
		if (!scope.hasCeiling) {
			if (!tree.isOpen) this.#open(tree, scope);
			return tree;
		}
		const { aside } = roomOf(found, scope);
		if (tree.isOpen && nanoUsd <= aside) return tree;
		this.#makeRoom(scope, nanoUsd - aside, tree);
		if (!tree.isOpen) this.#open(tree, scope);
		this.#enlarge(tree, scope.treeCeilingNanoUsd);
		return tree;
	}

	#refusal(scope: LedgerScope, nanoUsd: number, found: Tree | undefined): Problem | undefined {
		const { aside, left } = roomOf(found, scope);
		if (nanoUsd > left) return treeExhausted(nanoUsd, Math.max(left, 0), wantedOf(found, scope));
		if (found?.isOpen !== true) {
			const running = this.#boundedTreesOf(scope.memberId).filter((tree) => tree.runningCalls > 0).length;
			if (running >= this.#accounts.budgets.openTreesPerMember) return tooManyTrees(running);
		} else if (nanoUsd <= aside) return undefined;
		const bound = this.#accounts.tightest(scope.memberId);
		if (bound === undefined) return undefined;
		const attainable = aside + bound.leftNanoUsd + this.#reclaimable(scope.memberId, found);
		return nanoUsd > attainable ? budgetExhausted(nanoUsd, attainable, bound, this.#accounts.periods) : undefined;
	}

	/** Closes trees of the member at which nothing runs: all of this session's, then the idlest while cap or budget need it. */
	#makeRoom(scope: LedgerScope, lackNanoUsd: number, opening: Tree): void {
		const idle = this.#boundedTreesOf(scope.memberId)
			.filter((tree) => tree !== opening && tree.runningCalls === 0)
			.sort((a, b) => a.lastActiveMs - b.lastActiveMs);
		for (const tree of idle) {
			const isOfSession = !opening.isOpen && scope.sessionId !== undefined && tree.sessionId === scope.sessionId;
			if (isOfSession) this.#close(tree);
		}
		for (const tree of idle) {
			const isOverCap = !opening.isOpen && this.#boundedTreesOf(scope.memberId).length >= this.#accounts.budgets.openTreesPerMember;
			const left = this.#accounts.tightest(scope.memberId)?.leftNanoUsd ?? UNBOUNDED_NANO_USD;
			if (tree.isOpen && (isOverCap || left < lackNanoUsd)) this.#close(tree);
		}
	}

	#open(tree: Tree, scope: LedgerScope): void {
		tree.sessionId = scope.sessionId;
		tree.isOpen = true;
		tree.ceilingNanoUsd = tree.spentNanoUsd;
		tree.wantedNanoUsd = tree.isBounded ? scope.treeCeilingNanoUsd : UNBOUNDED_NANO_USD;
		tree.exposureNanoUsd = tree.spentNanoUsd;
		this.#trees.set(tree.id, tree);
		this.#accounts.member(tree.memberId).openTrees.add(tree);
	}

	/** Sets aside the whole ceiling wanted, or what of it the budgets still have. */
	#enlarge(tree: Tree, wantedNanoUsd: number): void {
		tree.wantedNanoUsd = Math.max(tree.wantedNanoUsd, wantedNanoUsd);
		const left = this.#accounts.tightest(tree.memberId)?.leftNanoUsd ?? UNBOUNDED_NANO_USD;
		this.#change(tree, () => {
			tree.ceilingNanoUsd = Math.min(tree.wantedNanoUsd, tree.ceilingNanoUsd + Math.max(left, 0));
		});
	}

	#hold(call: HeldCall): void {
		this.#calls.hold(call);
		const tree = call.tree;
		if (tree === undefined) return;
		this.#change(tree, () => {
			tree.reservedNanoUsd += call.nanoUsd;
			tree.runningCalls += 1;
		});
	}

	#journalHold(call: HeldCall, tree: Tree, time: LedgerTime): void {
		tree.lastActiveMs = time.nowMs;
		if (call.nanoUsd === 0) return;
		const reserve: LedgerChange = {
			kind: 'reserve',
			callId: call.callId,
			treeId: tree.id,
			keyId: call.keyId,
			nanoUsd: call.nanoUsd,
			isDispatched: false,
		};
		if (tree.spentNanoUsd + tree.reservedNanoUsd <= tree.exposureNanoUsd) return void this.#journal([reserve], false);
		tree.exposureNanoUsd = exposureFor(tree);
		tree.waitSeq = this.#journal([rowOf(tree), reserve], true);
	}

	#end(call: HeldCall, end: 'settled' | 'released', time: LedgerTime): void {
		this.#calls.end(call, end);
		const tree = call.tree;
		if (tree === undefined) return;
		tree.lastActiveMs = time.nowMs;
		this.#change(tree, () => {
			tree.reservedNanoUsd -= call.nanoUsd;
			tree.runningCalls -= 1;
		});
	}

	/** Books a cost on tree, member and team, and journals it. */
	#charge(call: HeldCall, settlement: Settlement, isWatched: boolean): void {
		const { costNanoUsd, deployment, isBound } = settlement;
		if (isWatched && costNanoUsd > call.nanoUsd) this.#alarm('overrun', call, costNanoUsd);
		if (costNanoUsd === 0 && call.nanoUsd === 0) return;
		const tree = call.tree;
		let isSync = false;
		if (tree !== undefined) {
			this.#change(tree, () => {
				tree.spentNanoUsd += costNanoUsd;
			});
			isSync = tree.spentNanoUsd + tree.reservedNanoUsd > tree.exposureNanoUsd;
			if (isSync) tree.exposureNanoUsd = exposureFor(tree);
		}
		this.#accounts.settle(call.memberId, costNanoUsd);
		const { callId, memberId, keyId, nanoUsd } = call;
		const settle: LedgerChange = {
			kind: 'settle',
			callId,
			treeId: tree?.id ?? null,
			memberId,
			keyId,
			deployment,
			reservedNanoUsd: nanoUsd,
			costNanoUsd,
			isBound,
		};
		const seq = this.#journal(tree === undefined ? [settle, this.#sums(memberId)] : [settle, rowOf(tree), this.#sums(memberId)], isSync);
		if (tree !== undefined && isSync) tree.waitSeq = seq;
	}

	#settleLate(callId: string, settlement: Settlement): void {
		const ended = this.#calls.ended(callId);
		if (ended?.end === 'settled' || settlement.costNanoUsd === 0) return;
		const unknown: HeldCall = { callId, memberId: '', keyId: '', tree: undefined, nanoUsd: 0, isDispatched: false };
		if (ended === undefined || !isNanoUsd(settlement.costNanoUsd)) {
			this.#alarm('unknown-call', unknown, settlement.costNanoUsd);
			return;
		}
		const late: HeldCall = { ...ended.call, nanoUsd: 0 };
		this.#calls.end(late, 'settled');
		this.#charge(late, settlement, true);
	}

	#close(tree: Tree): void {
		this.#change(tree, () => {
			tree.isOpen = false;
			tree.ceilingNanoUsd = tree.spentNanoUsd;
			tree.exposureNanoUsd = tree.spentNanoUsd;
		});
		this.#accounts.member(tree.memberId).openTrees.delete(tree);
		this.#trees.delete(tree.id);
		this.#trees.set(tree.id, tree);
		this.#journal([rowOf(tree)], true);
	}

	#tighten(tree: Tree): void {
		const exposureNanoUsd = exposureFor(tree);
		if (exposureNanoUsd >= tree.exposureNanoUsd) return;
		tree.exposureNanoUsd = exposureNanoUsd;
		this.#journal([rowOf(tree)], true);
	}

	#shrinkHolds(): void {
		for (const account of [...this.#accounts.members.values(), this.#accounts.team]) {
			const trees = account === this.#accounts.team ? this.#openTrees() : [...account.openTrees];
			for (const tree of trees) {
				const least = Math.min(0, ...this.#accounts.boundsOf(account).map((bound) => bound.leftNanoUsd));
				const spare = tree.isBounded ? tree.ceilingNanoUsd - tree.spentNanoUsd - tree.reservedNanoUsd : 0;
				if (least < 0 && spare > 0) this.#shrink(tree, Math.min(spare, -least));
			}
		}
	}

	#shrink(tree: Tree, byNanoUsd: number): void {
		this.#change(tree, () => {
			tree.ceilingNanoUsd -= byNanoUsd;
			tree.wantedNanoUsd = Math.max(tree.wantedNanoUsd, tree.ceilingNanoUsd);
		});
		tree.exposureNanoUsd = Math.min(tree.exposureNanoUsd, tree.ceilingNanoUsd);
		this.#journal([rowOf(tree)], false);
	}

	#forgetTrees(): void {
		for (const tree of this.#trees.values()) {
			if (this.#trees.size <= REMEMBERED_TREES) return;
			if (tree.isOpen) continue;
			this.#trees.delete(tree.id);
			this.#journal([{ kind: 'forget-tree', id: tree.id }], false);
		}
	}

	/** Applies a change of one tree and carries the difference of its hold into the accounts above. */
	#change(tree: Tree, apply: () => void): void {
		const before = holdOf(tree);
		apply();
		const delta = holdOf(tree) - before;
		if (delta !== 0) this.#accounts.addHold(tree, delta);
	}

	#advance(time: LedgerTime): void {
		if (this.#accounts.advance(time.wallMs)) this.#rolloverSeq = this.#journal([], true);
	}

	#journal(changes: readonly LedgerChange[], isSync: boolean): number {
		this.#seq += 1;
		this.#outputs.entry({ seq: this.#seq, atMs: this.#accounts.wallMs, isSync, changes });
		return this.#seq;
	}

	/** The new day must be durable too: a call sent in it must not be charged to the old one by a recovery. */
	#waitSeq(call: HeldCall): number {
		return call.tree === undefined ? 0 : Math.max(call.tree.waitSeq, this.#rolloverSeq);
	}

	#sums(memberId: string): LedgerChange {
		const { team, periods } = this.#accounts;
		const member = this.#accounts.member(memberId);
		return {
			kind: 'sums',
			day: periods.day,
			month: periods.month,
			memberId,
			memberDayNanoUsd: member.daySettledNanoUsd,
			memberMonthNanoUsd: member.monthSettledNanoUsd,
			teamDayNanoUsd: team.daySettledNanoUsd,
			teamMonthNanoUsd: team.monthSettledNanoUsd,
		};
	}

	#alarm(kind: LedgerAlarm['kind'], call: HeldCall, costNanoUsd: number): void {
		this.#outputs.alarm({ kind, callId: call.callId, reservedNanoUsd: call.nanoUsd, costNanoUsd });
	}

	#restoreTree(tree: Tree): void {
		this.#trees.set(tree.id, tree);
		if (!tree.isOpen) return;
		this.#accounts.member(tree.memberId).openTrees.add(tree);
		this.#accounts.addHold(tree, holdOf(tree));
	}

	#openTrees(): Tree[] {
		return [...this.#accounts.members.values()].flatMap((account) => [...account.openTrees]);
	}

	#boundedTreesOf(memberId: string): Tree[] {
		return [...this.#accounts.member(memberId).openTrees].filter((tree) => tree.isBounded);
	}

	/** What the member's trees would give back if those at which nothing runs were closed. */
	#reclaimable(memberId: string, except: Tree | undefined): number {
		let sum = 0;
		for (const tree of this.#accounts.member(memberId).openTrees)
			if (tree !== except && tree.isBounded && tree.runningCalls === 0) sum += holdOf(tree);
		return sum;
	}
}

function wantedOf(tree: Tree | undefined, scope: LedgerScope): number {
	return tree?.isOpen === true ? Math.max(tree.wantedNanoUsd, scope.treeCeilingNanoUsd) : scope.treeCeilingNanoUsd;
}

/** `aside`: free money that the tree already holds; `left`: what it may have at all, were the budgets above endless. */
function roomOf(tree: Tree | undefined, scope: LedgerScope): { readonly aside: number; readonly left: number } {
	const used = tree === undefined ? 0 : tree.spentNanoUsd + tree.reservedNanoUsd;
	const aside = tree?.isOpen === true ? Math.max(tree.ceilingNanoUsd - used, 0) : 0;
	return { aside, left: wantedOf(tree, scope) - used };
}
