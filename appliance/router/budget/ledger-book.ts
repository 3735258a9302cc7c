/** The ledger's books: trees under accounts, where every movement of money keeps the sums above it and is journaled. */

import type { Budgets, Settlement } from '../../protocol/ports.ts';
import { Accounts } from './ledger-accounts.ts';
import type { HeldCall } from './ledger-calls.ts';
import type { LedgerAlarm, LedgerChange, LedgerEntry, LedgerSnapshot, SettlementRow } from './ledger-records.ts';
import { exposureFor, holdOf, idleHoldOf, rowOf, type Tree, treeFromRow } from './ledger-tree.ts';

export interface LedgerOutputs {
	entry(entry: LedgerEntry): void;
	alarm(alarm: LedgerAlarm): void;
}

/** What an allowance says where nothing bounds: a million dollars, so that sums stay exact. */
export const UNBOUNDED_NANO_USD = 1_000_000_000_000_000;

/** Closed trees whose spending is remembered, so that a key used again does not buy a fresh ceiling. */
const REMEMBERED_TREES = 10_000;

export class LedgerBook {
	readonly accounts: Accounts;
	/** Open and remembered trees; a tree moves to the end when it closes, so the first closed one is the oldest. */
	readonly trees = new Map<string, Tree>();
	readonly #outputs: LedgerOutputs;
	#seq: number;
	#rolloverSeq = 0;

	constructor(snapshot: LedgerSnapshot, budgets: Budgets, outputs: LedgerOutputs) {
		this.#outputs = outputs;
		this.#seq = snapshot.seq;
		this.accounts = new Accounts(snapshot, budgets);
		for (const row of snapshot.trees) this.#restore(treeFromRow(row));
	}

	/** Moves ledger time forward. A new day is journaled before anything is charged to it. */
	advance(wallMs: number): void {
		if (this.accounts.advance(wallMs)) this.#rolloverSeq = this.journal([], true);
	}

	/** The entry that must be durable before a call of this tree goes out: of its exposure, or of the new day. */
	waitSeq(tree: Tree | undefined): number {
		return tree === undefined ? 0 : Math.max(tree.waitSeq, this.#rolloverSeq);
	}

	openTrees(): Tree[] {
		return [...this.accounts.members.values()].flatMap((account) => [...account.openTrees]);
	}

	boundedTreesOf(memberId: string): Tree[] {
		return [...this.accounts.member(memberId).openTrees].filter((tree) => tree.isBounded);
	}

	/** Opens a new or remembered tree with nothing set aside yet. */
	open(tree: Tree, sessionId: string | undefined): void {
		tree.sessionId = sessionId;
		tree.isOpen = true;
		tree.ceilingNanoUsd = tree.spentNanoUsd;
		tree.wantedNanoUsd = tree.spentNanoUsd;
		tree.exposureNanoUsd = tree.spentNanoUsd;
		this.trees.set(tree.id, tree);
		this.accounts.member(tree.memberId).openTrees.add(tree);
	}

	/** Sets aside the whole ceiling wanted, or what of it the budgets still have. */
	enlarge(tree: Tree, wantedNanoUsd: number): void {
		tree.wantedNanoUsd = Math.max(tree.wantedNanoUsd, wantedNanoUsd);
		const left = this.accounts.tightest(tree.memberId)?.leftNanoUsd ?? UNBOUNDED_NANO_USD;
		this.#change(tree, () => {
			tree.ceilingNanoUsd = Math.max(tree.ceilingNanoUsd, Math.min(tree.wantedNanoUsd, tree.ceilingNanoUsd + Math.max(left, 0)));
		});
	}

	close(tree: Tree): void {
		this.#change(tree, () => {
			tree.isOpen = false;
			tree.ceilingNanoUsd = tree.spentNanoUsd;
			tree.exposureNanoUsd = tree.spentNanoUsd;
		});
		this.accounts.member(tree.memberId).openTrees.delete(tree);
		this.trees.delete(tree.id);
		this.trees.set(tree.id, tree);
		this.journal([rowOf(tree)], true);
	}

	/** Adds a call's hold to its tree, without journaling it. */
	hold(tree: Tree, nanoUsd: number): void {
		this.#change(tree, () => {
			tree.reservedNanoUsd += nanoUsd;
			tree.runningCalls += 1;
		});
	}

	unhold(tree: Tree, nanoUsd: number): void {
		this.#change(tree, () => {
			tree.reservedNanoUsd -= nanoUsd;
			tree.runningCalls -= 1;
		});
	}

	/** Journals a hold; an exposure that has become too small is raised, and then the tree's calls wait for the disk. */
	journalHold(call: HeldCall, tree: Tree): void {
		const { callId, keyId, nanoUsd } = call;
		const reserve: LedgerChange = { kind: 'reserve', callId, treeId: tree.id, keyId, nanoUsd, isDispatched: false };
		if (tree.spentNanoUsd + tree.reservedNanoUsd <= tree.exposureNanoUsd) {
			this.journal([reserve], false);
			return;
		}
		tree.exposureNanoUsd = exposureFor(tree);
		tree.waitSeq = this.journal([rowOf(tree), reserve], true);
	}

	/** Books a cost on tree, member and team. */
	charge(call: HeldCall, settlement: Settlement): void {
		const tree = call.tree;
		this.accounts.settle(call.memberId, settlement.costNanoUsd);
		const settle: LedgerChange = { kind: 'settle', ...settlementRow(call, settlement) };
		if (tree === undefined) {
			this.journal([settle, this.#sums(call.memberId)], false);
			return;
		}
		this.#change(tree, () => {
			tree.spentNanoUsd += settlement.costNanoUsd;
		});
		const isOverExposure = tree.spentNanoUsd + tree.reservedNanoUsd > tree.exposureNanoUsd;
		if (isOverExposure) tree.exposureNanoUsd = exposureFor(tree);
		const seq = this.journal([settle, rowOf(tree), this.#sums(call.memberId)], isOverExposure);
		if (isOverExposure) tree.waitSeq = seq;
	}

	/** Lowers the exposure to what is at stake now: of a quiet tree, to what it spent. */
	tighten(tree: Tree): void {
		const exposureNanoUsd = exposureFor(tree);
		if (exposureNanoUsd >= tree.exposureNanoUsd) return;
		tree.exposureNanoUsd = exposureNanoUsd;
		this.journal([rowOf(tree)], true);
	}

	/** Where budgets are under what is set aside, open trees give back what no call of theirs has reserved. */
	shrinkHolds(): void {
		for (const account of [...this.accounts.members.values(), this.accounts.team]) {
			for (const tree of account === this.accounts.team ? this.openTrees() : account.openTrees) {
				const least = Math.min(0, ...this.accounts.boundsOf(account).map((bound) => bound.leftNanoUsd));
				const spare = tree.isBounded ? tree.ceilingNanoUsd - tree.spentNanoUsd - tree.reservedNanoUsd : 0;
				if (least < 0 && spare > 0) this.shrink(tree, Math.min(spare, -least));
			}
		}
	}

	/** Forgets the closed trees that are too many, the oldest first. */
	forgetTrees(): void {
		for (const tree of this.trees.values()) {
			if (this.trees.size <= REMEMBERED_TREES) return;
			if (tree.isOpen) continue;
			this.trees.delete(tree.id);
			this.journal([{ kind: 'forget-tree', id: tree.id }], false);
		}
	}

	/** Gives back what the member's trees hold, and forgets them with the member's account. */
	forgetMember(id: string): void {
		for (const tree of this.accounts.member(id).openTrees) this.close(tree);
		for (const tree of [...this.trees.values()].filter(({ memberId }) => memberId === id)) {
			this.trees.delete(tree.id);
			this.journal([{ kind: 'forget-tree', id: tree.id }], false);
		}
		this.accounts.members.delete(id);
	}

	journal(changes: readonly LedgerChange[], isSync: boolean): number {
		this.#seq += 1;
		this.#outputs.entry({ seq: this.#seq, atMs: this.accounts.wallMs, isSync, changes });
		return this.#seq;
	}

	alarm(kind: LedgerAlarm['kind'], callId: string, reservedNanoUsd: number, costNanoUsd: number): void {
		this.#outputs.alarm({ kind, callId, reservedNanoUsd, costNanoUsd });
	}

	get seq(): number {
		return this.#seq;
	}

	/** Takes back some of what a tree has set aside and no call of it has reserved. */
	shrink(tree: Tree, byNanoUsd: number): void {
		this.#change(tree, () => {
			tree.ceilingNanoUsd -= byNanoUsd;
		});
		tree.exposureNanoUsd = Math.min(tree.exposureNanoUsd, tree.ceilingNanoUsd);
		this.journal([rowOf(tree)], false);
	}

	/** Applies a change of one tree and carries the difference of its hold into the accounts above. */
	#change(tree: Tree, apply: () => void): void {
		const hold = holdOf(tree);
		const idle = idleHoldOf(tree);
		apply();
		const delta = holdOf(tree) - hold;
		const idleDelta = idleHoldOf(tree) - idle;
		if (delta !== 0 || idleDelta !== 0) this.accounts.addHold(tree, delta, idleDelta);
	}

	#restore(tree: Tree): void {
		this.trees.set(tree.id, tree);
		if (!tree.isOpen) return;
		this.accounts.member(tree.memberId).openTrees.add(tree);
		this.accounts.addHold(tree, holdOf(tree), idleHoldOf(tree));
	}

	#sums(memberId: string): LedgerChange {
		const { team, periods } = this.accounts;
		const member = this.accounts.member(memberId);
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
}

function settlementRow(call: HeldCall, settlement: Settlement): SettlementRow {
	return {
		callId: call.callId,
		treeId: call.tree?.id ?? null,
		memberId: call.memberId,
		keyId: call.keyId,
		deployment: settlement.deployment,
		reservedNanoUsd: call.nanoUsd,
		costNanoUsd: settlement.costNanoUsd,
		isBound: settlement.isBound,
	};
}
