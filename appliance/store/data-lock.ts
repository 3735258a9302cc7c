/** One service a data directory: a lock that ends with its process, however that ends. */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../protocol/problem.ts';

export interface DataLock {
	release(): void;
}

/**
 * Takes the lock beside `file`, or throws a Problem that names the holder's process. It is SQLite's own write lock on
 * a database of one row: the kernel drops it with the process, and others can still read who holds it.
 */
export function lockData(file: string): DataLock {
	const lockFile = `${file}.lock`;
	makeFile(lockFile);
	const db = new DatabaseSync(lockFile, { timeout: 0 });
	try {
		db.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
		db.exec('BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER); DELETE FROM holder');
		db.prepare('INSERT INTO holder VALUES (?)').run(process.pid);
		db.exec('COMMIT; BEGIN IMMEDIATE');
	} catch (error) {
		const holder = readHolder(db);
		db.close();
		throw new Problem(
			'internal',
			`Another Innerloop${holder === undefined ? '' : ` (process ${holder})`} uses ${file}. Stop it, or start this one with another data directory (--data).`,
			{ cause: error },
		);
	}
	return { release: () => db.close() };
}

/** Makes the data directory and the lock's file, both for their owner only. */
function makeFile(lockFile: string): void {
	try {
		mkdirSync(dirname(lockFile), { recursive: true, mode: 0o700 });
		closeSync(openSync(lockFile, 'a', 0o600));
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new Problem('internal', `The data directory ${dirname(lockFile)} cannot be written: ${reason}`, { cause: error });
	}
}

function readHolder(db: DatabaseSync): number | undefined {
	try {
		return (db.prepare('SELECT pid FROM holder').get() as { pid: number } | undefined)?.pid;
	} catch {
		return undefined;
	}
}
