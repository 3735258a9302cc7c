/** Opens everything that is kept: ledger, members, keys and history, in one SQLite file behind the Store port. */

import type { Budgets, Clock, Member, Retention, SpendDay, Store } from '../protocol/ports.ts';
import type { LedgerAlarm } from '../router/budget/ledger-records.ts';
import { recoverLedger } from '../router/budget/ledger-recovery.ts';
import { createAccessStore } from './access-store.ts';
import { createAlertStore } from './alert-store.ts';
import { backupTo } from './backup.ts';
import { createCallHistory } from './call-history.ts';
import { createClientStore } from './client-store.ts';
import { createDietStore } from './diet-store.ts';
import { createEarnedStore } from './earned-store.ts';
import { type Journal, openJournal } from './journal.ts';
import type { JournalStart } from './journal-messages.ts';
import { createLearningStore } from './learning-store.ts';
import { createLedgerPort, type LedgerPort } from './ledger-port.ts';
import { createMemberStore } from './member-store.ts';
import { createRetention } from './retention.ts';
import { createSpendExport } from './spend-export.ts';
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
	/** Absent: nothing is deleted until `setRetention`. */
	readonly retention?: Retention;
	readonly log: StoreLog;
}

/** Rejects with a Problem when the file is another program's, damaged, newer than this program, or in use. */
export async function openStore(options: StoreOptions): Promise<Store> {
	const { file, log } = options;
	const { journal, start } = await openJournal(file, (reason) => log.error({ reason }, 'the disk refuses the ledger'));
	const tail = new TailFile(file, (error) => log.warn({ err: error }, 'a kill of this process would be charged by its bounds'));
	journal.listener = { flushing: () => tail.flush(), committed: (seq) => tail.committed(seq) };
	const close = async (): Promise<void> => {
		// Where the disk refused the last lines, the tail keeps them for the next start.
		if (await journal.close()) tail.remove();
	};
	try {
		const ledger = await openLedger(options, journal, tail, start);
		return storeOf(options, journal, ledger, start, close);
	} catch (error) {
		await close();
		throw error;
	}
}

async function openLedger(options: StoreOptions, journal: Journal, tail: TailFile, start: JournalStart): Promise<LedgerPort> {
	const { clock, budgets, log } = options;
	const onAlarm = (alarm: LedgerAlarm): void => log.error({ alarm }, 'a bill stands above its bound: please report this');
	const ledger = createLedgerPort({ snapshot: start.snapshot, budgets, clock, journal, tail, onAlarm });
	const recovery = recoverLedger(ledger.state, start.isTailKnown);
	if (recovery.closedTrees > 0)
		log.warn({ recovery, isTailKnown: start.isTailKnown }, 'the last run ended without a stop: its open calls are charged');
	// The recovery and the mark of the new run are one commit: until then the last run's tail is needed.
	await journal.appendDurable(JSON.stringify({ seq: 0, atMs: clock.wallMs(), isSync: true, changes: [{ kind: 'run', ...tail.mark }] }));
	if (start.lastRun !== undefined) removeTail(start.lastRun);
	for (const member of start.members) tell(ledger, member);
	return ledger;
}

function storeOf(options: StoreOptions, journal: Journal, ledger: LedgerPort, start: JournalStart, close: () => Promise<void>): Store {
	const { clock } = options;
	const history = createCallHistory(journal, clock);
	const onMember = (member: Member): void => tell(ledger, member);
	const watchClock = createClockWatch(ledger, options.log);
	watchClock();
	const timer = setInterval(() => {
		ledger.tick();
		watchClock();
	}, TICK_MS).unref();
	const retention = createRetention(options, journal, history);
	const diet = createDietStore(journal, clock);
	const access = createAccessStore(start.access, journal, clock);
	const onForget = (id: string, keyIds: readonly string[]): boolean => {
		if (!ledger.forgetMember(id)) return false;
		history.forget(keyIds);
		access.forget(id);
		diet.forget(id);
		return true;
	};
	return {
		ledger,
		members: createMemberStore({ members: start.members, keys: start.keys, clock, journal, onMember, onForget }),
		history,
		access,
		alerts: createAlertStore(journal),
		clients: createClientStore(journal, clock),
		learning: createLearningStore(journal, clock),
		diet,
		earned: createEarnedStore(journal, clock),
		setRetention: retention.set,
		prune: retention.prune,
		stats: () => ({
			...journal.counts,
			clockFault: ledger.clockFault(),
			droppedCalls: history.dropped(),
			ledgerAlarms: ledger.alarms(),
		}),
		spendByDay: async (days) => (await journal.query({ kind: 'spend-days', days })) as readonly SpendDay[],
		exportSpend: createSpendExport(options.file),
		backup: (target, config) => backupTo(options.file, target, config),
		async close() {
			clearInterval(timer);
			retention.stop();
			ledger.closeAll();
			await close();
		},
	};
}

/** Says once when the clock stops being believed, and once when it is again. */
function createClockWatch(ledger: LedgerPort, log: StoreLog): () => void {
	let last: string | undefined;
	return () => {
		const fault = ledger.clockFault();
		if (fault !== undefined && last === undefined) log.warn({ fault }, 'cloud calls wait until the clock is set');
		if (fault === undefined && last !== undefined) log.info({}, 'the clock is set: cloud calls go on');
		last = fault;
	};
}

function tell(ledger: LedgerPort, member: Member): void {
	ledger.state.setMember(member.id, member.name, member.dayNanoUsd, member.monthNanoUsd);
}
