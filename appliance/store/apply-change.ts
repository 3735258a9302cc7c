/** Writes journal lines into the tables: one prepared statement a kind of change. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SumsRow, TreeRow } from '../router/budget/ledger-records.ts';
import { type AccessStatements, prepareAccess, writeAccess } from './access-rows.ts';
import { BatchEnd } from './batch-end.ts';
import { type DietStatements, prepareDiet, writeDiet } from './diet-store.ts';
import { type EarnedStatements, prepareEarned, writeEarned } from './earned-store.ts';
import { forgetMember } from './forget-member.ts';
import type { CallRow, Change, JournalLine } from './journal-messages.ts';
import { type LearningStatements, prepareLearning, writeLearning } from './learning-store.ts';

export interface ChangeWriter {
	/** Call inside a transaction: what the batch leaves behind is written, not its every step. */
	write(lines: readonly JournalLine[], calls: readonly CallRow[]): void;
}

const bit = (flag: boolean): number => (flag ? 1 : 0);

export function createChangeWriter(db: DatabaseSync): ChangeWriter {
	const run = prepareAll(db);
	return {
		write(lines, calls) {
			const batch = new BatchEnd();
			for (const line of lines) for (const change of line.changes) if (!batch.take(change, line.seq)) writeChange(run, change, line);
			writeEnd(run, batch);
			const last = lines.findLast(({ seq }) => seq > 0);
			if (last !== undefined) run.meta.run('ledger', JSON.stringify({ seq: last.seq, atMs: last.atMs }));
			for (const { callId, atMs, decision, outcome } of calls) run.call.run(callId, atMs, decision, outcome);
			for (const gone of batch.forgotten) forgetMember(db, gone);
		},
	};
}

function writeEnd(run: Statements, { trees, reservations, sums }: BatchEnd): void {
	for (const [id, { row, seq }] of trees) {
		if (row === undefined) run.forgetTree.run(id);
		else writeTree(run.tree, row, seq);
	}
	for (const [callId, end] of reservations) {
		if (end === 'dispatched') run.dispatch.run(callId);
		else if (end === 'gone') run.release.run(callId);
		else run.reserve.run(callId, end.treeId, end.keyId, end.nanoUsd, bit(end.isDispatched));
	}
	for (const row of sums.values()) writeSums(run.sum, row);
}

function writeTree(tree: StatementSync, row: TreeRow, seq: number): void {
	const { id, memberId, treeKey, sessionId, isBounded, ceilingNanoUsd, spentNanoUsd, exposureNanoUsd, isOpen } = row;
	tree.run(id, memberId, treeKey, sessionId, bit(isBounded), ceilingNanoUsd, spentNanoUsd, exposureNanoUsd, bit(isOpen), seq);
}

type Statements = Readonly<
	Record<
		'meta' | 'tree' | 'forgetTree' | 'reserve' | 'dispatch' | 'release' | 'settle' | 'sum' | 'alert' | 'client' | 'member' | 'key' | 'call',
		StatementSync
	>
> & {
	readonly access: AccessStatements;
	readonly learning: LearningStatements;
	readonly diet: DietStatements;
	readonly earned: EarnedStatements;
};

function prepareAll(db: DatabaseSync): Statements {
	return {
		meta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
		tree: db.prepare('INSERT OR REPLACE INTO trees VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
		forgetTree: db.prepare('DELETE FROM trees WHERE id = ?'),
		reserve: db.prepare('INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?)'),
		dispatch: db.prepare('UPDATE reservations SET is_dispatched = 1 WHERE call_id = ?'),
		release: db.prepare('DELETE FROM reservations WHERE call_id = ?'),
		// A call id that comes again (none should) adds up: settlements and sums must tell the same story, and a batch must never stick.
		settle: db.prepare(
			'INSERT INTO settlements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (call_id) DO UPDATE SET cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd',
		),
		sum: db.prepare('INSERT INTO sums VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET settled_nano_usd = excluded.settled_nano_usd'),
		alert: db.prepare('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)'),
		client: db.prepare('INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?)'),
		member: db.prepare(
			'INSERT INTO members VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, day_nano_usd = excluded.day_nano_usd, month_nano_usd = excluded.month_nano_usd, rules = excluded.rules',
		),
		key: db.prepare(
			'INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET is_revoked = excluded.is_revoked, allowed_tiers = excluded.allowed_tiers, rules = excluded.rules',
		),
		access: prepareAccess(db),
		learning: prepareLearning(db),
		diet: prepareDiet(db),
		earned: prepareEarned(db),
		call: db.prepare(
			'INSERT INTO calls (call_id, at_ms, decision, outcome) VALUES (?, ?, ?, ?) ON CONFLICT (call_id) DO UPDATE SET decision = excluded.decision, outcome = excluded.outcome',
		),
	};
}

/** What no later change of a batch makes void. */
function writeChange(run: Statements, change: Change, line: JournalLine): void {
	switch (change.kind) {
		case 'settle': {
			const { callId, treeId, memberId, keyId, deployment, reservedNanoUsd, costNanoUsd, isBound } = change;
			run.settle.run(callId, treeId, memberId, keyId, deployment, reservedNanoUsd, costNanoUsd, bit(isBound), line.atMs);
			return;
		}
		case 'member':
			run.member.run(change.id, change.name, change.dayNanoUsd, change.monthNanoUsd, change.createdAt, JSON.stringify(change.rules));
			return;
		case 'key':
			run.key.run(
				change.id,
				change.memberId,
				change.secretSha256,
				bit(change.isOwner),
				JSON.stringify(change.allowedTiers),
				bit(change.mayForce),
				bit(change.hasCeiling),
				change.treeCeilingNanoUsd,
				change.expiresAtMs,
				change.createdAt,
				bit(change.isRevoked),
				JSON.stringify(change.rules),
			);
			return;
		case 'alert':
			run.alert.run(change.id, change.atMs, change.state, change.body);
			return;
		case 'client':
			run.client.run(change.name, change.version, change.firstMs, change.lastMs, change.calls);
			return;
		case 'access':
			writeAccess(run.access, change.change, line.atMs);
			return;
		case 'learning':
			writeLearning(run.learning, change.change);
			return;
		case 'diet':
			writeDiet(run.diet, change.change);
			return;
		case 'shadow':
			writeEarned(run.earned, change.row);
			return;
		case 'run':
			run.meta.run('run', JSON.stringify({ tail: change.tail, bootId: change.bootId }));
	}
}

function writeSums(sum: StatementSync, row: SumsRow): void {
	sum.run('team', 'team', row.day, row.teamDayNanoUsd);
	sum.run('team', 'team', row.month, row.teamMonthNanoUsd);
	sum.run('member', row.memberId, row.day, row.memberDayNanoUsd);
	sum.run('member', row.memberId, row.month, row.memberMonthNanoUsd);
}
