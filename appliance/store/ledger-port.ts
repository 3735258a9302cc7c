/** The Ledger port: the pure state machine, with the clock on one side and the journal on the other. */

import { createHash } from 'node:crypto';
import type { Budgets, Clock, Ledger, LedgerScope, ReserveResult } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { sayClockFault } from '../router/budget/ledger-clock.ts';
import type { LedgerAlarm, LedgerEntry, LedgerSnapshot } from '../router/budget/ledger-records.ts';
import { LedgerState, type LedgerTime } from '../router/budget/ledger-state.ts';
import type { Journal } from './journal.ts';
import type { TailFile } from './tail-file.ts';

/** Longer tree keys are digested: a caller's header is no place to fill memory from. */
const LONGEST_TREE_KEY = 200;

export interface LedgerPort extends Ledger {
	readonly state: LedgerState;
	tick(): void;
	/** Settles or releases what still runs, and closes every tree. */
	closeAll(): void;
	/** What is wrong with the clock, in words; undefined when money may be spent by it. */
	clockFault(): string | undefined;
	/** Bills above their bound, or without a reservation, since the start. */
	alarms(): number;
}

export interface LedgerPortOptions {
	readonly snapshot: LedgerSnapshot;
	readonly budgets: Budgets;
	readonly clock: Clock;
	readonly journal: Journal;
	readonly tail: TailFile;
	readonly onAlarm: (alarm: LedgerAlarm) => void;
}

export function createLedgerPort({ snapshot, budgets, clock, journal, tail, onAlarm }: LedgerPortOptions): LedgerPort {
	const synced = createSyncedEntries(journal, tail);
	let alarms = 0;
	const state = new LedgerState(snapshot, budgets, {
		entry: synced.write,
		alarm(alarm) {
			alarms += 1;
			onAlarm(alarm);
		},
	});
	// Asked once a tick: whoever knows it asks the file system.
	let isSynchronised = clock.isSynchronised?.();
	const now = (): LedgerTime => ({ wallMs: clock.wallMs(), nowMs: clock.nowMs(), isSynchronised });
	const saidFault = (): string | undefined => {
		const fault = state.clockFault(now());
		return fault && sayClockFault(fault);
	};
	return {
		state,
		allowance: (scope) => state.allowance(shortened(scope), now()),
		reserve(callId, scope, worstCostNanoUsd): ReserveResult {
			const problem = worstCostNanoUsd > 0 ? unwritable(journal) : undefined;
			if (problem !== undefined) return { isAdmitted: false, problem };
			const admission = state.reserve(callId, shortened(scope), worstCostNanoUsd, now());
			return admission.isAdmitted ? { isAdmitted: true, durable: synced.wait(admission.waitSeq) } : admission;
		},
		dispatch(callId) {
			state.dispatch(callId);
			// From here on the upstream bills: a kill of this process must not lose what it holds.
			tail.flush();
		},
		settle: (callId, settlement) => state.settle(callId, settlement, now()),
		release: (callId) => state.release(callId, now()),
		spend: () => state.spend(now()),
		setBudgets: (next) => state.setBudgets(next, now()),
		forgetMember: (id) => state.forgetMember(id, now()),
		tick() {
			isSynchronised = clock.isSynchronised?.();
			state.tick(now());
		},
		clockFault: saidFault,
		closeAll: () => state.closeAll(now()),
		alarms: () => alarms,
	};
}

interface SyncedEntries {
	write(entry: LedgerEntry): void;
	/** A promise for the entry, or undefined when it is on the platter already. */
	wait(seq: number): Promise<void> | undefined;
}

function createSyncedEntries(journal: Journal, tail: TailFile): SyncedEntries {
	const pending = new Map<number, Promise<void>>();
	return {
		write(entry) {
			const line = JSON.stringify(entry);
			tail.write(entry.seq, line);
			if (!entry.isSync) {
				journal.append(line);
				return;
			}
			const promise = journal.appendDurable(line, () => pending.delete(entry.seq));
			// Who waits sees the rejection; where nobody does, it is the journal's to report.
			promise.catch(() => undefined);
			pending.set(entry.seq, promise);
		},
		wait: (seq) => pending.get(seq),
	};
}

/** Why no money can be set aside now; undefined when it can. Calls that cost nothing go on. */
function unwritable(journal: Journal): Problem | undefined {
	if (journal.isClosed) return new Problem('shutting-down', 'The box is stopping.', { isRetryable: true, retryAfterSeconds: 5 });
	const { failure } = journal.counts;
	if (failure === undefined) return undefined;
	const message = `No money can be set aside while the disk refuses the ledger: ${failure}`;
	return new Problem('internal', message, { isRetryable: true, retryAfterSeconds: 5 });
}

function shortened(scope: LedgerScope): LedgerScope {
	if (scope.treeKey.length <= LONGEST_TREE_KEY) return scope;
	return { ...scope, treeKey: createHash('sha256').update(scope.treeKey).digest('hex') };
}
