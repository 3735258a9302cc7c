/** Whole copies of the database: made beside the running service, checked before they are believed, put back at a start. */

import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { Problem } from '../protocol/problem.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './migrations.ts';

/** Pages copied between two looks at other work. */
const PAGES_AT_ONCE = 200;

const restoredName = (file: string): string => `${file}.restore`;

/** The copy holds no mark of the running process, whose tail in memory belongs to the original alone. */
export async function backupTo(file: string, target: string, config: string | undefined): Promise<void> {
	const source = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
	try {
		await backup(source, target, { rate: PAGES_AT_ONCE });
	} finally {
		source.close();
	}
	chmodSync(target, 0o600);
	const copy = new DatabaseSync(target);
	try {
		copy.exec("PRAGMA journal_mode = DELETE; DELETE FROM meta WHERE name IN ('run', 'config')");
		if (config !== undefined) copy.prepare("INSERT INTO meta (name, value) VALUES ('config', ?)").run(config);
	} finally {
		copy.close();
	}
}

export interface BackupFacts {
	readonly schema: number;
	readonly members: number;
	readonly calls: number;
	/** Text of the configuration that was in force. */
	readonly config: string | undefined;
}

/** Throws `invalid-call` where the file is no whole backup that this program can read. */
export function inspectBackup(path: string): BackupFacts {
	let db: DatabaseSync | undefined;
	try {
		db = new DatabaseSync(path, { readOnly: true });
		const read = (sql: string): unknown => Object.values(db?.prepare(sql).get() ?? {})[0];
		if (read('PRAGMA application_id') !== APPLICATION_ID) throw new Problem('invalid-call', 'This is no backup of an Innerloop.');
		const schema = Number(read('PRAGMA user_version'));
		if (schema > SCHEMA_VERSION)
			throw new Problem(
				'invalid-call',
				`The backup has schema ${schema}, of a newer Innerloop; this one knows schemas up to ${SCHEMA_VERSION}. Update first.`,
			);
		if (read('PRAGMA integrity_check') !== 'ok') throw new Problem('invalid-call', 'The backup is damaged.');
		const config = read("SELECT value FROM meta WHERE name = 'config'");
		return {
			schema,
			members: Number(read('SELECT count(*) FROM members')),
			calls: schema < 3 ? 0 : Number(read('SELECT count(*) FROM calls')),
			config: typeof config === 'string' ? config : undefined,
		};
	} catch (error) {
		if (error instanceof Problem) throw error;
		throw new Problem('invalid-call', 'This is no backup of an Innerloop, or it is damaged.', { cause: error });
	} finally {
		db?.close();
	}
}

/** The next start takes `path` for the database, and keeps what was there before beside it. */
export function stageRestore(file: string, path: string): void {
	renameSync(path, restoredName(file));
}

/** Where a backup waits to be put back; only its start's holder of the data lock does so. */
export function putRestored(file: string): void {
	const fresh = restoredName(file);
	if (!existsSync(fresh)) return;
	const folder = dirname(file);
	for (const name of readdirSync(folder)) if (name.startsWith(`${basename(file)}.before-restore`)) rmSync(join(folder, name));
	for (const ending of ['', '-wal', '-shm']) if (existsSync(file + ending)) renameSync(file + ending, `${file}.before-restore${ending}`);
	renameSync(fresh, file);
}
