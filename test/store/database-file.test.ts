/** The database file: made, migrated, kept to oneself, and refused where it is not ours to write. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../appliance/protocol/ports.ts';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../../appliance/store/migrations.ts';
import { openStore } from '../../appliance/store/open-store.ts';
import { BUDGETS, createTestClock, decisionOf, NEW_KEY, outcomeOf, scopeOf } from './conformance.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = createTestClock();

let directory: string;
let file: string;
const stores: Store[] = [];

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'innerloop-file-'));
	file = join(directory, 'data', 'innerloop.sqlite');
});
afterEach(async () => {
	for (const store of stores.splice(0)) await store.close();
	rmSync(directory, { recursive: true });
});

async function open(at = file): Promise<Store> {
	const store = await openStore({ file: at, clock, budgets: BUDGETS, log: quiet });
	stores.push(store);
	return store;
}

async function close(store: Store): Promise<void> {
	stores.splice(stores.indexOf(store), 1);
	await store.close();
}

/** Uses every table, and reads each back. */
async function use(store: Store): Promise<void> {
	const member = await store.members.addMember('ada', {});
	const { secret } = await store.members.addKey({ ...NEW_KEY, memberId: member.id });
	const result = store.ledger.reserve('c1', scopeOf('t', { memberId: member.id }), 1_000);
	if (!result.isAdmitted) throw result.problem;
	await result.durable;
	store.ledger.dispatch('c1');
	store.ledger.settle('c1', { deployment: 'd', costNanoUsd: 900, isBound: false });
	store.history.record(decisionOf('c1'), outcomeOf('c1'));
	expect(store.members.findKey(secret)?.memberId).toBe(member.id);
	expect((await store.history.find('c1'))?.outcome?.costNanoUsd).toBe(3);
	expect(await store.spendByDay(7)).toEqual([
		{ scope: 'team', id: 'team', day: '2026-11-23', settledNanoUsd: 900 },
		{ scope: 'member', id: member.id, day: '2026-11-23', settledNanoUsd: 900 },
	]);
}

function pragmas(at: string): { readonly version: number; readonly id: number } {
	const db = new DatabaseSync(at, { readOnly: true });
	const version = db.prepare('PRAGMA user_version').get() as { user_version: number };
	const id = db.prepare('PRAGMA application_id').get() as { application_id: number };
	db.close();
	return { version: version.user_version, id: id.application_id };
}

/** A database as a program of schema `version` left it. */
function makeOlder(at: string, version: number): void {
	const db = new DatabaseSync(at);
	for (const migration of MIGRATIONS.slice(0, version)) db.exec(migration.sql);
	if (version > 0) db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`);
	db.exec("INSERT INTO members (id, name, created_at) VALUES ('m_old', 'grace', '2026-01-01T00:00:00.000Z')");
	db.close();
}

describe('the database file', () => {
	it('is made with its directory, for its owner only', async () => {
		await use(await open());
		for (const suffix of ['', '-wal', '.lock']) expect(statSync(`${file}${suffix}`).mode & 0o777, suffix).toBe(0o600);
		expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
		expect(pragmas(file)).toEqual({ version: SCHEMA_VERSION, id: APPLICATION_ID });
	});

	it('is made from an empty file', async () => {
		const empty = join(directory, 'empty.sqlite');
		writeFileSync(empty, '');
		await use(await open(empty));
	});

	it.each(MIGRATIONS.slice(0, -1).map((migration) => migration.version))(
		'is brought up from schema %i with what it held',
		async (version) => {
			const older = join(directory, 'older.sqlite');
			makeOlder(older, version);
			const store = await open(older);
			expect(store.members.listMembers().map((member) => member.name)).toEqual(['grace']);
			await use(store);
			expect(pragmas(older).version).toBe(SCHEMA_VERSION);
		},
	);

	it('of a newer program is refused with both versions and what to do, and not touched', async () => {
		await close(await open());
		const db = new DatabaseSync(file);
		db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 4}; PRAGMA journal_mode = DELETE`);
		db.close();
		const before = readFileSync(file);
		await expect(open()).rejects.toThrow(
			new RegExp(`schema ${SCHEMA_VERSION + 4}, written by a newer Innerloop; this one knows schemas up to ${SCHEMA_VERSION}.*--data`),
		);
		expect(readFileSync(file).equals(before)).toBe(true);
	});

	it('of another program is refused', async () => {
		const foreign = join(directory, 'foreign.sqlite');
		const db = new DatabaseSync(foreign);
		db.exec('CREATE TABLE songs (title TEXT)');
		db.close();
		await expect(open(foreign)).rejects.toThrow(/database of another program/);
	});

	it('that is no database, or a damaged one, is refused with what to do', async () => {
		const text = join(directory, 'text.sqlite');
		writeFileSync(text, 'this is a letter, not a database. '.repeat(100));
		await expect(open(text)).rejects.toThrow(/damaged or no database .* Move it away/);
		await close(await open());
		const bytes = readFileSync(file);
		writeFileSync(file, bytes.fill(0x5a, 2_000, 40_000));
		await expect(open()).rejects.toThrow(/damaged or no database .* Move it away/);
	});

	it('is used by one store at a time, and free again when that is closed', async () => {
		const first = await open();
		await expect(open()).rejects.toThrow(new RegExp(`Another Innerloop \\(process ${process.pid}\\) uses`));
		await close(first);
		await open();
	});

	it('can be read by others while it is in use', async () => {
		await use(await open());
		const db = new DatabaseSync(file, { readOnly: true });
		expect(db.prepare('SELECT cost_nano_usd FROM settlements').all()).toEqual([{ cost_nano_usd: 900 }]);
		db.close();
	});

	it('copied back from an older day opens, and charges what its trees may have spent since', async () => {
		const store = await open();
		const result = store.ledger.reserve('c1', scopeOf('t'), 1_000);
		if (!result.isAdmitted) throw result.problem;
		await result.durable;
		const copy = join(directory, 'copy.sqlite');
		copyFileSync(file, copy);
		copyFileSync(`${file}-wal`, `${copy}-wal`);
		store.ledger.dispatch('c1');
		store.ledger.settle('c1', { deployment: 'd', costNanoUsd: 1_000, isBound: false });
		await close(store);
		const old = await open(copy);
		expect(old.ledger.spend().find((row) => row.scope === 'team')?.settledNanoUsd).toBe(8_000);
	});
});
