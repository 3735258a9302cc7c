/** What routing has learned, and the rewards that it learned from. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LearningStore, RewardRow } from '../protocol/learning.ts';
import type { Clock } from '../protocol/ports.ts';
import { appendBehind } from './append-behind.ts';
import type { Journal } from './journal.ts';

export const LEARNING_TABLES = `
	CREATE TABLE learned (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE rewards (
		number INTEGER PRIMARY KEY AUTOINCREMENT,
		call_id TEXT NOT NULL,
		key_id TEXT NOT NULL,
		arm TEXT NOT NULL,
		propensity REAL NOT NULL,
		kind TEXT NOT NULL,
		reward REAL NOT NULL,
		weight REAL NOT NULL,
		at_ms INTEGER NOT NULL,
		UNIQUE (call_id, kind)
	) STRICT;`;

/** Rewards that are kept; the bandit itself needs none of them, other policies are judged by them. */
const MOST_REWARDS = 100_000;
const MOST_READ = 100_000;

export type LearningChange = { readonly kind: 'learned'; readonly value: string } | { readonly kind: 'reward'; readonly row: RewardRow };

export interface LearningStatements {
	readonly learned: StatementSync;
	readonly reward: StatementSync;
	readonly trim: StatementSync;
}

export function prepareLearning(db: DatabaseSync): LearningStatements {
	return {
		learned: db.prepare("INSERT OR REPLACE INTO learned VALUES ('policy', ?)"),
		reward: db.prepare(
			'INSERT OR IGNORE INTO rewards (call_id, key_id, arm, propensity, kind, reward, weight, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
		),
		trim: db.prepare(`DELETE FROM rewards WHERE number <= (SELECT max(number) FROM rewards) - ${MOST_REWARDS}`),
	};
}

export function writeLearning(run: LearningStatements, change: LearningChange): void {
	if (change.kind === 'learned') {
		run.learned.run(change.value);
		run.trim.run();
		return;
	}
	const { callId, keyId, arm, propensity, kind, reward, weight, atMs } = change.row;
	run.reward.run(callId, keyId, arm, propensity, kind, reward, weight, atMs);
}

export const readLearned = (db: DatabaseSync): readonly unknown[] => db.prepare("SELECT value FROM learned WHERE name = 'policy'").all();

export const readRewards = (db: DatabaseSync, limit: number): readonly unknown[] =>
	db
		.prepare(
			`SELECT call_id AS callId, key_id AS keyId, arm, propensity, kind, reward, weight, at_ms AS atMs
			FROM rewards ORDER BY number DESC LIMIT ?`,
		)
		.all(limit);

export function createLearningStore(journal: Journal, clock: Clock): LearningStore {
	const write = (change: LearningChange) => appendBehind(journal, clock, [{ kind: 'learning', change }]);
	return {
		load: async () => {
			const rows = (await journal.query({ kind: 'learned' })) as readonly { readonly value: string }[];
			return rows[0]?.value;
		},
		save: (value) => write({ kind: 'learned', value }),
		addReward: (row) => write({ kind: 'reward', row }),
		rewards: async (limit) =>
			(await journal.query({ kind: 'rewards', limit: Math.max(0, Math.min(Math.floor(limit), MOST_READ)) })) as readonly RewardRow[],
	};
}
