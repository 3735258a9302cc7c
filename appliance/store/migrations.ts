/** The database's schema as numbered steps, each applied once, in a transaction of its own. */

import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../protocol/problem.ts';
import { ACCESS_TABLES } from './access-rows.ts';
import { DIET_TABLES } from './diet-store.ts';
import { EARNED_TABLES } from './earned-store.ts';
import { LEARNING_TABLES } from './learning-store.ts';

/** Marks the file as ours (`INLP`), so that a stranger's database is never written to. */
export const APPLICATION_ID = 0x494e_4c50;

export interface Migration {
	readonly version: number;
	readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
	{
		version: 1,
		sql: `
			CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
			CREATE TABLE members (
				id TEXT PRIMARY KEY,
				name TEXT NOT NULL UNIQUE,
				day_nano_usd INTEGER,
				month_nano_usd INTEGER,
				created_at TEXT NOT NULL
			) STRICT;
			CREATE TABLE keys (
				id TEXT PRIMARY KEY,
				member_id TEXT NOT NULL REFERENCES members (id),
				secret_sha256 TEXT NOT NULL UNIQUE,
				is_owner INTEGER NOT NULL,
				allowed_tiers TEXT NOT NULL,
				may_force INTEGER NOT NULL,
				has_ceiling INTEGER NOT NULL,
				tree_ceiling_nano_usd INTEGER,
				expires_at_ms INTEGER,
				created_at TEXT NOT NULL,
				is_revoked INTEGER NOT NULL DEFAULT 0
			) STRICT;`,
	},
	{
		version: 2,
		sql: `
			CREATE TABLE trees (
				id TEXT PRIMARY KEY,
				member_id TEXT NOT NULL,
				tree_key TEXT NOT NULL,
				session_id TEXT,
				is_bounded INTEGER NOT NULL,
				ceiling_nano_usd INTEGER NOT NULL,
				spent_nano_usd INTEGER NOT NULL,
				exposure_nano_usd INTEGER NOT NULL,
				is_open INTEGER NOT NULL,
				changed_seq INTEGER NOT NULL
			) STRICT;
			CREATE TABLE reservations (
				call_id TEXT PRIMARY KEY,
				tree_id TEXT NOT NULL,
				key_id TEXT NOT NULL,
				nano_usd INTEGER NOT NULL,
				is_dispatched INTEGER NOT NULL
			) STRICT;
			CREATE TABLE settlements (
				call_id TEXT PRIMARY KEY,
				tree_id TEXT,
				member_id TEXT NOT NULL,
				key_id TEXT NOT NULL,
				deployment TEXT NOT NULL,
				reserved_nano_usd INTEGER NOT NULL,
				cost_nano_usd INTEGER NOT NULL,
				is_bound INTEGER NOT NULL,
				at_ms INTEGER NOT NULL
			) STRICT;
			CREATE INDEX settlements_by_time ON settlements (at_ms);
			CREATE TABLE sums (
				scope TEXT NOT NULL,
				id TEXT NOT NULL,
				period TEXT NOT NULL,
				settled_nano_usd INTEGER NOT NULL,
				PRIMARY KEY (scope, id, period)
			) STRICT, WITHOUT ROWID;`,
	},
	{
		version: 3,
		sql: `
			CREATE TABLE calls (
				number INTEGER PRIMARY KEY AUTOINCREMENT,
				call_id TEXT NOT NULL UNIQUE,
				at_ms INTEGER NOT NULL,
				decision TEXT NOT NULL,
				outcome TEXT
			) STRICT;
			CREATE INDEX calls_by_time ON calls (at_ms);`,
	},
	{
		version: 4,
		sql: `
			ALTER TABLE members ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
			ALTER TABLE keys ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
			CREATE TABLE alerts (
				id TEXT PRIMARY KEY,
				at_ms INTEGER NOT NULL,
				state TEXT NOT NULL,
				body TEXT NOT NULL
			) STRICT, WITHOUT ROWID;
			CREATE TABLE clients (
				name TEXT NOT NULL,
				version TEXT NOT NULL,
				first_ms INTEGER NOT NULL,
				last_ms INTEGER NOT NULL,
				calls INTEGER NOT NULL,
				PRIMARY KEY (name, version)
			) STRICT, WITHOUT ROWID;`,
	},
	{ version: 5, sql: ACCESS_TABLES },
	{ version: 6, sql: LEARNING_TABLES },
	{ version: 7, sql: DIET_TABLES },
	{ version: 8, sql: EARNED_TABLES },
];

/** The schema that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database up to this program's schema. Throws a Problem, with nothing changed, for a file of another
 * program or of a newer Innerloop.
 */
export function migrate(db: DatabaseSync, file: string): void {
	const version = readPragma(db, 'user_version');
	assertOurs(db, file, version);
	if (version > SCHEMA_VERSION)
		throw new Problem(
			'internal',
			`The database ${file} has schema ${version}, written by a newer Innerloop; this one knows schemas up to ${SCHEMA_VERSION}. ` +
				'Update Innerloop, or start it with another data directory (--data). Nothing was changed.',
		);
	for (const migration of MIGRATIONS) if (migration.version > version) apply(db, migration);
}

function apply(db: DatabaseSync, migration: Migration): void {
	db.exec('BEGIN IMMEDIATE');
	try {
		db.exec(migration.sql);
		db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
		db.exec(`PRAGMA user_version = ${migration.version}`);
		db.exec('COMMIT');
	} catch (error) {
		db.exec('ROLLBACK');
		throw error;
	}
}

function assertOurs(db: DatabaseSync, file: string, version: number): void {
	const id = readPragma(db, 'application_id');
	const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").get() as { n: number };
	const isNew = id === 0 && version === 0 && tables.n === 0;
	if (isNew || id === APPLICATION_ID) return;
	throw new Problem('internal', `${file} is a database of another program. Start Innerloop with another data directory (--data).`);
}

function readPragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
	const row = db.prepare(`PRAGMA ${name}`).get() as Record<string, number> | undefined;
	return row?.[name] ?? 0;
}
