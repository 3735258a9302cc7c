/** Which schema a database file has, without opening it for work. */

import { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID, SCHEMA_VERSION } from './migrations.ts';

export interface DatabaseVersion {
	readonly version: number;
	/** The newest that this program knows. */
	readonly knownVersion: number;
	/** False for a file of another program. */
	readonly isOurs: boolean;
}

/** Throws where the file is no database. */
export function readDatabaseVersion(file: string): DatabaseVersion {
	const db = new DatabaseSync(file, { readOnly: true });
	try {
		const version = db.prepare('PRAGMA user_version').get() as { user_version: number };
		const application = db.prepare('PRAGMA application_id').get() as { application_id: number };
		return { version: version.user_version, knownVersion: SCHEMA_VERSION, isOurs: application.application_id === APPLICATION_ID };
	} finally {
		db.close();
	}
}
