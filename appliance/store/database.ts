/** Opens the database file, or says in words why it cannot be used. */

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../protocol/problem.ts';
import { migrate } from './migrations.ts';

/** Readers of another process (the CLI) hold a lock for moments only. */
const BUSY_TIMEOUT_MS = 2_000;

/** Creates (mode 0600) or opens and migrates the file. Throws a Problem for a foreign, damaged or newer one. */
export function openDatabase(file: string): DatabaseSync {
	let db: DatabaseSync | undefined;
	try {
		closeSync(openSync(file, 'a', 0o600));
		db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
		migrate(db, file);
		db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
		return db;
	} catch (error) {
		db?.close();
		throw explain(error, file);
	}
}

/** A Problem as it is; SQLite's own errors in words that say what to do. */
export function explain(error: unknown, file: string): Problem {
	if (error instanceof Problem) return error;
	const text = error instanceof Error ? error.message : String(error);
	if (/not a database|malformed|corrupt/i.test(text))
		return new Problem(
			'internal',
			`${file} is damaged or no database (${text}). Move it away together with its -wal and -shm files and start again, or put a copy back.`,
			{ cause: error },
		);
	return new Problem('internal', `The database ${file} cannot be used: ${text}`, { cause: error });
}
