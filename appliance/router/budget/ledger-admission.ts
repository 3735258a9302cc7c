/** Whether a call's worst cost fits its tree, its member and the team, and the room made for it where it does. */

import type { Allowance } from '../../protocol/plan.ts';
import type { LedgerScope } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { Bound } from './ledger-accounts.ts';
import { type LedgerBook, UNBOUNDED_NANO_USD } from './ledger-book.ts';
import { budgetExhausted, tooManyTrees, treeExhausted } from './ledger-refusal.ts';
import { idleHoldOf, newTree, type Tree, treeIdOf } from './ledger-tree.ts';

/** How much a new call of this scope could reserve now, and what bounds it. */
export function allowanceOf(book: LedgerBook, scope: LedgerScope): Allowance {
	if (!scope.hasCeiling) return { nanoUsd: UNBOUNDED_NANO_USD, boundBy: 'none' };
	const room = roomFor(book, scope);
	const nanoUsd = Math.max(0, Math.min(room.left, room.attainable));
	return { nanoUsd, boundBy: room.boundBy };
}

/** Why a call cannot be admitted; undefined when it can. Changes nothing. */
export function refusalOf(book: LedgerBook, scope: LedgerScope, nanoUsd: number): Problem | undefined {
	if (!scope.hasCeiling) return undefined;
	const tree = book.trees.get(treeIdOf(scope));
	const { aside, left, attainable, bound } = roomFor(book, scope);
	if (nanoUsd > left) return treeExhausted(nanoUsd, Math.max(left, 0), wantedOf(tree, scope));
	if (tree?.isOpen === true && nanoUsd <= aside) return undefined;
	if (tree?.isOpen !== true) {
		const running = book.boundedTreesOf(scope.memberId).filter((other) => other.runningCalls > 0).length;
		if (running >= book.accounts.budgets.openTreesPerMember) return tooManyTrees(running);
	}
	return bound !== undefined && nanoUsd > attainable ? budgetExhausted(nanoUsd, attainable, bound, book.accounts.periods) : undefined;
}

/** The tree that takes an admissible call, opened or enlarged where need be. */
export function admittingTree(book: LedgerBook, scope: LedgerScope, nanoUsd: number): Tree {
	const tree = book.trees.get(treeIdOf(scope)) ?? newTree(scope);
	if (!scope.hasCeiling) {
		if (!tree.isOpen) book.open(tree, scope.sessionId);
		return tree;
	}
	const { aside } = roomFor(book, scope);
	if (tree.isOpen && nanoUsd <= aside) return tree;
	if (!tree.isOpen) closeEarlierTrees(book, scope);
	closeIdleTrees(book, tree, nanoUsd - aside);
	takeFromIdleTrees(book, tree, nanoUsd - aside);
	if (!tree.isOpen) book.open(tree, scope.sessionId);
	book.enlarge(tree, scope.treeCeilingNanoUsd);
	return tree;
}

/** The next prompt of a session ends its earlier trees, unless a call of theirs runs. */
function closeEarlierTrees(book: LedgerBook, scope: LedgerScope): void {
	if (scope.sessionId === undefined) return;
	for (const tree of book.boundedTreesOf(scope.memberId))
		if (tree.sessionId === scope.sessionId && tree.runningCalls === 0) book.close(tree);
}

/** Closes the member's trees at which nothing runs, the idlest first, while the count or the budgets need it. */
function closeIdleTrees(book: LedgerBook, taking: Tree, lackNanoUsd: number): void {
	const idle = book
		.boundedTreesOf(taking.memberId)
		.filter((tree) => tree !== taking && tree.runningCalls === 0)
		.sort((a, b) => a.lastActiveMs - b.lastActiveMs);
	for (const tree of idle) {
		const isOverCount = !taking.isOpen && book.boundedTreesOf(taking.memberId).length >= book.accounts.budgets.openTreesPerMember;
		const left = book.accounts.tightest(taking.memberId)?.leftNanoUsd ?? UNBOUNDED_NANO_USD;
		if (isOverCount || left < lackNanoUsd) book.close(tree);
	}
}

/** Where the team's budget still lacks money, the trees of others at which nothing runs give what is missing, the idlest first. */
function takeFromIdleTrees(book: LedgerBook, taking: Tree, lackNanoUsd: number): void {
	const lack = () => lackNanoUsd - (book.accounts.tightest(taking.memberId)?.leftNanoUsd ?? UNBOUNDED_NANO_USD);
	if (lack() <= 0) return;
	const idle = book.openTrees().filter((tree) => tree.memberId !== taking.memberId && idleHoldOf(tree) > 0);
	for (const tree of idle.sort((a, b) => a.lastActiveMs - b.lastActiveMs)) {
		const missing = lack();
		if (missing <= 0) return;
		book.shrink(tree, Math.min(missing, idleHoldOf(tree)));
	}
}

interface Room {
	/** Free money that the tree already holds. */
	readonly aside: number;
	/** What the tree may have beyond its spending and its running calls, were the budgets above endless. */
	readonly left: number;
	/** What the budgets above let it have, were its own ceiling endless. */
	readonly attainable: number;
	readonly boundBy: Allowance['boundBy'];
	/** The budget above that gives least; undefined where none is set. */
	readonly bound: Bound | undefined;
}

function roomFor(book: LedgerBook, scope: LedgerScope): Room {
	const tree = book.trees.get(treeIdOf(scope));
	const used = tree === undefined ? 0 : tree.spentNanoUsd + tree.reservedNanoUsd;
	const aside = tree?.isOpen === true ? Math.max(tree.ceilingNanoUsd - used, 0) : 0;
	const left = wantedOf(tree, scope) - used;
	const above = book.accounts.attainable(scope.memberId, tree === undefined ? 0 : idleHoldOf(tree));
	// Budgets lowered under what is set aside take no hold back: what a tree has, it may use.
	const attainable = aside + (above === undefined ? left : Math.max(0, above.nanoUsd));
	return { aside, left, attainable, bound: above?.bound, boundBy: above !== undefined && attainable < left ? above.bound.by : 'tree' };
}

function wantedOf(tree: Tree | undefined, scope: LedgerScope): number {
	return tree?.isOpen === true ? Math.max(tree.wantedNanoUsd, scope.treeCeilingNanoUsd) : scope.treeCeilingNanoUsd;
}
