/** A crash at any instant: what is recovered covers every bill and breaks no ceiling. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../../appliance/router/budget/ledger-records.ts';
import { recoverLedger } from '../../../appliance/router/budget/ledger-recovery.ts';
import { LedgerState } from '../../../appliance/router/budget/ledger-state.ts';
import { BUDGETS, changingScripts, idOf, ScriptRun, type Step, scripts, TREE_CEILING } from './ledger-script.ts';
import { LedgerTables } from './ledger-tables.ts';

const RUNS = { numRuns: 300 };

interface Recovered {
	readonly tables: LedgerTables;
	readonly state: LedgerState;
	readonly wallMs: number;
}

/** Rebuilds the ledger from a prefix of the journal, as after a crash. */
function recover(entries: readonly LedgerEntry[], isTailKnown: boolean): Recovered {
	const tables = new LedgerTables(entries);
	const state = new LedgerState(tables.snapshot(), BUDGETS, {
		entry: (entry) => tables.apply(entry),
		alarm: (alarm) => {
			throw new Error(JSON.stringify(alarm));
		},
	});
	recoverLedger(state, isTailKnown);
	return { tables, state, wallMs: state.wallMs };
}

function play(script: readonly Step[]): ScriptRun {
	const run = new ScriptRun();
	for (const step of script) run.step(step);
	return run;
}

/** What an upstream billed, by tree: each call from the moment that it is sent. A call without an outcome bills its bound. */
function billsOf(run: ScriptRun): Map<string, number> {
	const bills = new Map<string, number>();
	for (const { scope, dispatched, amount, cost } of run.calls.values()) {
		if (!dispatched) continue;
		bills.set(idOf(scope), (bills.get(idOf(scope)) ?? 0) + (cost ?? amount));
	}
	return bills;
}

/** The journal as a crash leaves it: whatever calls waited for is there, of what follows any prefix. */
function cut(run: ScriptRun, share: number): readonly LedgerEntry[] {
	const durable = run.entries.filter((entry) => entry.seq <= run.durableSeq).length;
	return run.entries.slice(0, durable + Math.round(((run.entries.length - durable) * share) / 100));
}

describe('recovery', () => {
	it('covers every bill of every tree when the end of the journal is lost, keys without a ceiling included', () => {
		fc.assert(
			fc.property(changingScripts, fc.nat(100), (script, share) => {
				const run = play(script);
				const { tables } = recover(cut(run, share), false);
				for (const [id, billed] of billsOf(run)) expect(tables.trees.get(id)?.spentNanoUsd ?? 0).toBeGreaterThanOrEqual(billed);
			}),
			RUNS,
		);
	});

	it('breaks no ceiling, and leaves nothing open or reserved', () => {
		fc.assert(
			fc.property(scripts, fc.nat(100), (script, share) => {
				const run = play(script);
				const { tables, state, wallMs } = recover(cut(run, share), false);
				for (const tree of tables.trees.values()) {
					expect(tree.spentNanoUsd).toBeLessThanOrEqual(TREE_CEILING);
					expect(tree.isOpen).toBe(false);
				}
				expect(tables.reservations.size).toBe(0);
				for (const row of state.spend({ wallMs, nowMs: 0 })) {
					expect(row.reservedNanoUsd).toBe(0);
					expect(row.settledNanoUsd).toBeLessThanOrEqual(row.ceilingNanoUsd ?? 0);
				}
			}),
			RUNS,
		);
	});

	it('charges the new day for what was sent in it', () => {
		fc.assert(
			fc.property(scripts, fc.nat(100), (script, share) => {
				const run = play(script);
				const { state, wallMs } = recover(cut(run, share), false);
				let billedToday = 0;
				for (const { dayReserved, dispatched, amount, cost } of run.calls.values())
					if (dispatched && dayReserved === run.day) billedToday += cost ?? amount;
				const [teamDay] = state.spend({ wallMs: Math.max(wallMs, run.ledgerWallMs), nowMs: 0 });
				expect(teamDay?.settledNanoUsd).toBeGreaterThanOrEqual(billedToday);
			}),
			RUNS,
		);
	});

	it('is exact when the whole journal is there: unsent calls cost nothing, sent ones their bound', () => {
		fc.assert(
			fc.property(changingScripts, (script) => {
				const run = play(script);
				const { tables } = recover(run.entries, true);
				const bills = billsOf(run);
				for (const tree of tables.trees.values()) expect(tree.spentNanoUsd).toBe(bills.get(tree.id) ?? 0);
			}),
			RUNS,
		);
	});

	it('is exact even without the end of the journal once a tree was quiet', () => {
		const run = play([
			{ do: 'reserve', call: 1, member: 0, tree: 0, isFree: false, amount: 10 },
			{ do: 'dispatch', call: 1 },
			{ do: 'settle', call: 1, share: 40 },
		]);
		const spent = (): number => recover(run.entries, false).tables.trees.values().next().value?.spentNanoUsd ?? 0;
		expect(spent()).toBe(80);
		run.step({ do: 'tick', ms: 2_500 });
		expect(spent()).toBe(4);
	});

	it('does not change when it is cut short and done again', () => {
		fc.assert(
			fc.property(scripts, fc.nat(100), fc.nat(100), (script, share, share2) => {
				const run = play(script);
				const entries = [...cut(run, share)];
				const known = entries.length;
				const state = new LedgerState(new LedgerTables(entries).snapshot(), BUDGETS, {
					entry: (entry) => entries.push(entry),
					alarm: () => undefined,
				});
				recoverLedger(state, false);
				const whole = new LedgerTables(entries);
				const part = entries.slice(0, known + Math.round(((entries.length - known) * share2) / 100));
				const { tables } = recover(part, false);
				for (const tree of whole.trees.values()) expect(tables.trees.get(tree.id)?.spentNanoUsd).toBe(tree.spentNanoUsd);
			}),
			RUNS,
		);
	});
});
