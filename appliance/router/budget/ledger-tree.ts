/** One call tree in the ledger: its ceiling, what is spent and reserved, and how much of it a crash would charge. */

import type { LedgerScope } from '../../protocol/ports.ts';
import type { TreeRow } from './ledger-records.ts';

export interface Tree {
	readonly id: string;
	readonly memberId: string;
	readonly treeKey: string;
	sessionId: string | undefined;
	readonly isBounded: boolean;
	/** Set aside for this tree, spent part included. */
	ceilingNanoUsd: number;
	/** Up to which the ceiling may be raised where the budgets allow. */
	wantedNanoUsd: number;
	spentNanoUsd: number;
	reservedNanoUsd: number;
	exposureNanoUsd: number;
	runningCalls: number;
	isOpen: boolean;
	/** Monotonic ms of its latest reserve or settle. */
	lastActiveMs: number;
	/** Journal entry that must be durable before a call of this tree goes out. */
	waitSeq: number;
}

/** A tree belongs to its member (a foreign key never meets it) and to keys with or without a ceiling, never to both. */
export function treeIdOf(scope: LedgerScope): string {
	if (scope === lastScope) return lastId;
	lastScope = scope;
	lastId = `${scope.memberId} ${scope.hasCeiling ? 'b' : 'u'} ${scope.treeKey}`;
	return lastId;
}

/** One call asks half a dozen times in a row, and a new text would be hashed anew for each look into a map. */
let lastScope: LedgerScope | undefined;
let lastId = '';

export function newTree(scope: LedgerScope): Tree {
	return {
		id: treeIdOf(scope),
		memberId: scope.memberId,
		treeKey: scope.treeKey,
		sessionId: scope.sessionId,
		isBounded: scope.hasCeiling,
		ceilingNanoUsd: 0,
		wantedNanoUsd: 0,
		spentNanoUsd: 0,
		reservedNanoUsd: 0,
		exposureNanoUsd: 0,
		runningCalls: 0,
		isOpen: false,
		lastActiveMs: 0,
		waitSeq: 0,
	};
}

export function treeFromRow(row: TreeRow): Tree {
	return {
		id: row.id,
		memberId: row.memberId,
		treeKey: row.treeKey,
		sessionId: row.sessionId ?? undefined,
		isBounded: row.isBounded,
		ceilingNanoUsd: row.ceilingNanoUsd,
		wantedNanoUsd: row.ceilingNanoUsd,
		spentNanoUsd: row.spentNanoUsd,
		reservedNanoUsd: 0,
		exposureNanoUsd: row.exposureNanoUsd,
		runningCalls: 0,
		isOpen: row.isOpen,
		lastActiveMs: 0,
		waitSeq: 0,
	};
}

export function rowOf(tree: Tree): { readonly kind: 'tree' } & TreeRow {
	return {
		kind: 'tree',
		id: tree.id,
		memberId: tree.memberId,
		treeKey: tree.treeKey,
		sessionId: tree.sessionId ?? null,
		isBounded: tree.isBounded,
		ceilingNanoUsd: tree.ceilingNanoUsd,
		spentNanoUsd: tree.spentNanoUsd,
		exposureNanoUsd: tree.exposureNanoUsd,
		isOpen: tree.isOpen,
	};
}

/** What an open tree keeps set aside beyond what it has spent; running calls are covered even after an overrun. */
export function holdOf(tree: Tree): number {
	if (!tree.isOpen) return 0;
	if (!tree.isBounded) return tree.reservedNanoUsd;
	return Math.max(tree.ceilingNanoUsd - tree.spentNanoUsd, tree.reservedNanoUsd);
}

/** What a tree would give back if it were closed: nothing while a call of it runs. */
export function idleHoldOf(tree: Tree): number {
	return tree.isBounded && tree.runningCalls === 0 ? holdOf(tree) : 0;
}

/**
 * How many times over an exposure covers the running calls. All but one of these are the room in which calls follow
 * one another without waiting for the disk: with two, every second call of an agent waited.
 */
const ROOM_IN_CALLS = 8;

/** The exposure that a tree should have: what it spent, and room that grows and falls with what is at stake. */
export function exposureFor(tree: Tree): number {
	const room = tree.spentNanoUsd + ROOM_IN_CALLS * tree.reservedNanoUsd;
	return tree.isBounded ? Math.max(Math.min(room, tree.ceilingNanoUsd), tree.spentNanoUsd + tree.reservedNanoUsd) : room;
}
