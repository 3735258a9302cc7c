/** The journal's thread: the only writer of the database, and the only place of the service that waits for the disk. */

import type { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Problem } from '../protocol/problem.ts';
import { readAccess } from './access-rows.ts';
import { createChangeWriter } from './apply-change.ts';
import { putRestored } from './backup.ts';
import { lockData } from './data-lock.ts';
import { explain, openDatabase } from './database.ts';
import type { CallRow, FromJournal, JournalLine, JournalStart, Query, ToJournal } from './journal-messages.ts';
import { createPruner, type Pruner } from './prune.ts';
import { answerQuery, readKeys, readMembers, readMeta, readSnapshot } from './read-rows.ts';
import { type RunMark, readTail } from './tail-file.ts';

/** After a failed commit (disk full, card gone) the same lines are tried again this much later. */
const RETRY_MS = 1_000;

const { file } = workerData as { readonly file: string };
if (parentPort === null) throw new Error('journal-worker.ts runs as a worker thread');
const port = parentPort;
const say = (message: FromJournal): void => port.postMessage(message);

try {
	serve();
} catch (error) {
	say({ kind: 'refused', message: Problem.from(error).message });
}

function serve(): void {
	const lock = lockData(file);
	let db: DatabaseSync;
	try {
		putRestored(file);
		db = openDatabase(file);
	} catch (error) {
		lock.release();
		throw error;
	}
	try {
		say({ kind: 'ready', ...start(db) });
	} catch (error) {
		throw explain(error, file);
	}
	const pruner = createPruner(db);
	const committer = createCommitter(db, pruner);
	port.on('message', (first: ToJournal) => {
		// Everything that piled up during the last commit goes into the next one.
		for (let message: ToJournal | undefined = first; message !== undefined; message = nextMessage()) {
			if (message.kind === 'write') committer.add(message);
			else if (message.kind === 'query') {
				committer.commit();
				answer(db, pruner, message.id, message.query);
			} else {
				const isComplete = committer.finish();
				db.close();
				lock.release();
				say({ kind: 'closed', isComplete });
				port.close();
				return;
			}
		}
		committer.commit();
	});
}

/** Brings in what the last process had not committed, then reads everything that the service starts from. */
function start(db: DatabaseSync): JournalStart {
	const mark = readMeta(db, 'run');
	const lastRun = mark === undefined ? undefined : (JSON.parse(mark) as RunMark);
	const isTailKnown = lastRun === undefined || bringInTail(db, lastRun);
	return { snapshot: readSnapshot(db), members: readMembers(db), keys: readKeys(db), access: readAccess(db), isTailKnown, lastRun };
}

/** False when some of it may be missing, or another version of the program wrote it in another form. */
function bringInTail(db: DatabaseSync, lastRun: RunMark): boolean {
	const tail = readTail(lastRun, readSnapshot(db).seq);
	if (tail === undefined) return false;
	const writer = createChangeWriter(db);
	try {
		transact(db, () => writer.write(tail, []));
		return true;
	} catch {
		return false;
	}
}

function transact(db: DatabaseSync, action: () => void): void {
	db.exec('BEGIN IMMEDIATE');
	try {
		action();
		db.exec('COMMIT');
	} catch (error) {
		if (db.isTransaction) db.exec('ROLLBACK');
		throw error;
	}
}

function nextMessage(): ToJournal | undefined {
	return receiveMessageOnPort(port)?.message as ToJournal | undefined;
}

function answer(db: DatabaseSync, pruner: Pruner, id: number, query: Query): void {
	try {
		const rows = query.kind === 'prune' ? [pruner.prune(query.retention, query.wallMs)] : answerQuery(db, query);
		say({ kind: 'answer', id, rows });
	} catch (error) {
		say({ kind: 'query-failed', id, message: explain(error, file).message });
	}
}

interface Committer {
	add(batch: { readonly ticket: number; readonly lines: string; readonly calls: string }): void;
	/** Commits what was added; keeps it for a later try where that fails. */
	commit(): void;
	/** One last try; false where lines are left. */
	finish(): boolean;
}

function createCommitter(db: DatabaseSync, pruner: Pruner): Committer {
	const writer = createChangeWriter(db);
	let waiting: JournalLine[] = [];
	let calls: CallRow[] = [];
	let ticket = 0;
	let syncedTicket = 0;
	let commits = 0;
	let syncedCommits = 0;
	let ledgerSeq = 0;
	let newestMs = 0;
	let retry: NodeJS.Timeout | undefined;

	const write = (isSync: boolean): void => {
		// In WAL mode a FULL commit syncs the log, and with it every NORMAL commit before it.
		db.exec(`PRAGMA synchronous = ${isSync ? 'FULL' : 'NORMAL'}`);
		transact(db, () => writer.write(waiting, calls));
	};

	const commit = (): void => {
		if (waiting.length + calls.length === 0 || retry !== undefined) return;
		const isSync = waiting.some((line) => line.isSync);
		try {
			write(isSync);
		} catch (error) {
			say({ kind: 'failing', message: explain(error, file).message });
			retry = setTimeout(() => {
				retry = undefined;
				commit();
			}, RETRY_MS);
			return;
		}
		commits += 1;
		if (isSync) {
			syncedCommits += 1;
			syncedTicket = ticket;
		}
		const addedRows = waiting.length + calls.length;
		for (const { seq, atMs } of waiting) {
			ledgerSeq = Math.max(ledgerSeq, seq);
			newestMs = Math.max(newestMs, atMs);
		}
		for (const { atMs } of calls) newestMs = Math.max(newestMs, atMs);
		waiting = [];
		calls = [];
		say({ kind: 'committed', ticket, ledgerSeq, syncedTicket, commits, syncedCommits });
		pruner.written(addedRows, newestMs);
	};

	return {
		add(batch) {
			for (const line of JSON.parse(batch.lines) as JournalLine[]) waiting.push(line);
			if (batch.calls !== '') for (const text of batch.calls.split('\n')) calls.push(callOf(text));
			ticket = batch.ticket;
		},
		commit,
		finish() {
			clearTimeout(retry);
			retry = undefined;
			commit();
			clearTimeout(retry);
			return waiting.length + calls.length === 0;
		},
	};
}

function callOf(text: string): CallRow {
	const [callId = '', atMs = '', decision = '', outcome = ''] = text.split('\t', 4);
	return { callId, atMs: Number(atMs), decision, outcome };
}
