/** settled + reserved ≤ ceiling at tree, member and team, for any interleaving of events. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpendRow } from '../../../appliance/protocol/ports.ts';
import { changingScripts, ScriptRun, type Step, scripts, TREE_CEILING } from './ledger-script.ts';

const RUNS = { numRuns: 250 };

const total = (row: SpendRow): number => row.settledNanoUsd + row.reservedNanoUsd;
const ownerOf = (row: SpendRow): string | undefined => (row.scope === 'team' ? undefined : row.id);

/** What the ledger says against the test's own books; one line a difference. */
function differences(run: ScriptRun, rows: readonly SpendRow[]): string[] {
	const found = run.alarms.map((alarm) => `alarm ${alarm.kind} ${alarm.callId}`);
	for (const row of rows) {
		if (row.period === 'tree') continue;
		const who = ownerOf(row);
		const settled = run.settledOf(who, row.period, false) + run.settledOf(who, row.period, true);
		if (row.settledNanoUsd !== settled) found.push(`${row.id} ${row.period} settled ${row.settledNanoUsd}, billed ${settled}`);
		const running = run.reservedOf(who, false) + run.reservedOf(who, true);
		if (row.reservedNanoUsd < running) found.push(`${row.id} sets ${row.reservedNanoUsd} aside for running calls of ${running}`);
	}
	for (const [id, nanoUsd] of run.treeTotals()) if (nanoUsd > TREE_CEILING) found.push(`tree ${id} has ${nanoUsd}`);
	return found;
}

/** Plays a script and looks at the balances after each step; expects to find nothing wrong. */
function expectNone(script: readonly Step[], look: (run: ScriptRun, rows: readonly SpendRow[], step: Step) => readonly string[]): void {
	const run = new ScriptRun();
	for (const step of script) {
		run.step(step);
		const wrong = look(run, run.rows, step);
		if (wrong.length > 0) expect.fail(`after ${JSON.stringify(step)}: ${wrong.join('; ')}`);
	}
}

describe('the ledger', () => {
	it('keeps settled + reserved within every ceiling, whatever happens in whatever order', () => {
		fc.assert(
			fc.property(scripts, (script) =>
				expectNone(script, (run, rows) => [
					...rows.filter((row) => total(row) > (row.ceilingNanoUsd ?? 0)).map((row) => `${row.id} ${row.period} over its ceiling`),
					...differences(run, rows),
				]),
			),
			RUNS,
		);
	});

	it('never moves further over a ceiling that was lowered, nor because of keys without one', () => {
		fc.assert(
			fc.property(changingScripts, (script) => {
				const before = new Map<string, number>();
				expectNone(script, (run, rows) => {
					const wrong = differences(run, rows);
					for (const row of rows) {
						if (row.period === 'tree') continue;
						const who = ownerOf(row);
						const bounded = total(row) - run.settledOf(who, row.period, true) - run.reservedOf(who, true);
						const id = `${row.scope} ${row.id} ${row.period}`;
						if (bounded > Math.max(row.ceilingNanoUsd ?? 0, before.get(id) ?? 0)) wrong.push(`${id} rose to ${bounded}`);
						before.set(id, bounded);
					}
					return wrong;
				});
			}),
			RUNS,
		);
	});

	it('takes back at once what a lowered budget does not cover and no call has reserved', () => {
		fc.assert(
			fc.property(changingScripts, (script) =>
				expectNone(script, (run, rows, step) => {
					if (step.do !== 'budgets') return [];
					const isOver = (row: SpendRow): boolean => {
						const free = run.reservedOf(ownerOf(row), true);
						const committed = row.settledNanoUsd + run.reservedOf(ownerOf(row), false) + free;
						return row.period !== 'tree' && total(row) > Math.max((row.ceilingNanoUsd ?? 0) + free, committed);
					};
					return rows.filter(isOver).map((row) => `${row.id} ${row.period} holds too much`);
				}),
			),
			RUNS,
		);
	});

	it('admits exactly what its allowance says', () => {
		fc.assert(
			fc.property(changingScripts, fc.nat(1), fc.nat(4), (script, member, tree) => {
				const run = new ScriptRun();
				for (const step of script) run.step(step);
				expect(run.admitsItsAllowance(member, tree)).toBe(true);
			}),
			RUNS,
		);
	});
});
