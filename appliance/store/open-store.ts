/** Opens everything that is kept: ledger, members, keys and history, in one SQLite file behind the Store port. */

import type { Budgets, Clock, Store } from '../protocol/ports.ts';
import { recoverLedger } from '../router/budget/ledger-recovery.ts';
import { createCallHistory } from './call-history.ts';
import { type JournalCounts, openJournal } from './journal.ts';
import type { SpendDay } from './journal-messages.ts';
import { createLedgerPort, type LedgerPort } from './ledger-port.ts';
import { createMemberStore } from './member-store.ts';
import { removeTail, TailFile } from './tail-file.ts';

/** How often idle trees are looked for. */
const TICK_MS = 1_000;

/** The part of a pino logger that the store uses. */
export interface StoreLog {
	info(facts: object, message: string): void;
	warn(facts: object, message: string): void;
	error(facts: object, message: string): void;
}

export interface StoreOptions {
	/** Path of the database; its directory is made where missing. */
	readonly file: string;
	readonly clock: Clock;
	readonly budgets: Budgets;
	readonly log: StoreLog;
}

export interface StoreStats extends JournalCounts {
	/** Calls that the history did not keep because the disk could not follow. */
	readonly droppedCalls: number;
	/** Bills above their bound or without a reservation. */
	readonly ledgerAlarms: number;
}

export interface SqliteStore extends Store {
	stats(): StoreStats;
	/** What was settled on each of the last `days` days with any spending, newest first; team before members. */
	spendByDay(days: number): Promise<readonly SpendDay[]>;
}

/** Rejects with a Problem when the file is another program's, damaged, newer than this program, or in use. */
export async function openStore(options: StoreOptions): Promise<SqliteStore> {
	const { file, clock, budgets, log } = options;
	const { journal, start } = await openJournal(file, (reason) => log.error({ reason }, 'the disk refuses the ledger'));
	const tail = new TailFile(file, (error) => log.warn({ err: error }, 'a kill of this process would be charged by its bounds'));
	journal.listener = { flushing: () => tail.flush(), committed: (seq) => tail.committed(seq) };
	const ledger = createLedgerPort({
		snapshot: start.snapshot,
		budgets,
		clock,
		journal,
		tail,
		onAlarm: (alarm) => log.error({ alarm }, 'a bill stands above its bound: please report this'),
	});
	const recovery = recoverLedger(ledger.state, start.isTailKnown);
	if (recovery.closedTrees > 0)
		log.warn({ recovery, isTailKnown: start.isTailKnown }, 'the last run ended without a stop: its open calls are charged');
	// The recovery and the mark of the new run are one commit: until then the last run's tail is needed.
	await journal.appendDurable(JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: true, changes: [{ kind: 'run', ...tail.mark }] }));
	if (start.lastRun !== undefined) removeTail(start.lastRun);
	for (const member of start.members) tell(ledger, member);
	const members = createMemberStore({
		members: start.members,
		keys: start.keys,
		clock,
		journal,
		onMember: (member) => tell(ledger, member),
	});
	const history = createCallHistory(journal, clock);
	const timer = setInterval(() => ledger.tick(), TICK_MS).unref();

	return {
		ledger,
		members,
		history,
		stats: () => ({ ...journal.counts, droppedCalls: history.dropped(), ledgerAlarms: ledger.alarms() }),
		spendByDay: async (days) => (await journal.query({ kind: 'spend-days', days })) as readonly SpendDay[],
		async close() {
			clearInterval(timer);
			ledger.closeAll();
			await journal.close();
			tail.remove();
		},
	};
}

function tell(
	ledger: LedgerPort,
	member: {
		readonly id: string;
		readonly name: string;
		readonly dayNanoUsd: number | undefined;
		readonly monthNanoUsd: number | undefined;
	},
): void {
	ledger.state.setMember(member.id, member.name, member.dayNanoUsd, member.monthNanoUsd);
}
