/** Clocks that were never set, leapt or went back: what is spent meanwhile, and on which day. */

import { describe, expect, it } from 'vitest';
import type { Budgets, LedgerScope } from '../../../appliance/protocol/ports.ts';
import { BUILD_DATE_MS, clockFault, clockProblem } from '../../../appliance/router/budget/ledger-clock.ts';
import { EMPTY_SNAPSHOT } from '../../../appliance/router/budget/ledger-records.ts';
import { LedgerState } from '../../../appliance/router/budget/ledger-state.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 10, 23, 12);

const BUDGETS: Budgets = {
	treeNanoUsd: 100,
	memberDayNanoUsd: undefined,
	memberMonthNanoUsd: undefined,
	teamDayNanoUsd: 100,
	teamMonthNanoUsd: 4_000,
	treeIdleMs: 60_000,
	openTreesPerMember: 8,
};

const scope = (treeKey: string, hasCeiling = true): LedgerScope => ({
	keyId: 'k',
	memberId: 'ada',
	treeKey,
	sessionId: undefined,
	hasCeiling,
	treeCeilingNanoUsd: 100,
});

function ledger(budgets: Partial<Budgets> = {}) {
	const state = new LedgerState(EMPTY_SNAPSHOT, { ...BUDGETS, ...budgets }, { entry: () => undefined, alarm: () => undefined });
	let calls = 0;
	return {
		state,
		/** The refusal's code, or `spent`. */
		spend(nanoUsd: number, wallMs: number, isSynchronised?: boolean, hasCeiling = true): string {
			const time = { wallMs, nowMs: calls, isSynchronised };
			const id = String(++calls);
			const result = state.reserve(id, scope(id, hasCeiling), nanoUsd, time);
			if (!result.isAdmitted) return result.problem.code;
			state.dispatch(id);
			state.settle(id, { deployment: 'd', costNanoUsd: nanoUsd, isBound: false }, time);
			return 'spent';
		},
	};
}

describe('a clock', () => {
	it.each([
		['at 1970', 0, undefined, 0, 'never-set'],
		['that says nothing', Number.NaN, true, 0, 'never-set'],
		['before the build date, whoever confirms it', BUILD_DATE_MS - 1, true, 0, 'never-set'],
		['of a new box', NOON, undefined, 0, undefined],
		['that no time server has confirmed', NOON, false, 0, 'unsynchronised'],
		['corrected back by minutes', NOON - 60_000, undefined, NOON, undefined],
		['back by an hour', NOON - HOUR, undefined, NOON, 'went-back'],
		['back by a day, as a time server says', NOON - DAY, true, NOON, undefined],
		['a week later', NOON + 7 * DAY, undefined, NOON, undefined],
		['years ahead', NOON + 900 * DAY, undefined, NOON, 'leapt-ahead'],
		['years ahead, as a time server says', NOON + 900 * DAY, true, NOON, undefined],
	])('%s', (_, wallMs, isSynchronised, seenMs, kind) => {
		expect(clockFault({ wallMs, isSynchronised }, seenMs, false)?.kind).toBe(kind);
	});

	it('is believed on the operator’s word, unless it was never set', () => {
		expect(clockFault({ wallMs: NOON - DAY, isSynchronised: false }, NOON, true)).toBeUndefined();
		expect(clockFault({ wallMs: 0 }, NOON, true)?.kind).toBe('never-set');
	});

	it.each([
		[{ wallMs: 0 }, /says 1970-01-01T00:00Z, which is before this program was built \(2026-11-01T00:00Z\)/],
		[{ wallMs: Number.NaN }, /says no time at all/],
		[{ wallMs: NOON, isSynchronised: false }, /no time server has confirmed it/],
		[{ wallMs: NOON - HOUR }, /went back: it says 2026-11-23T11:00Z, and the ledger has seen 2026-11-23T12:00Z/],
		[{ wallMs: NOON + 900 * DAY }, /leapt ahead/],
	])('says what is wrong and what to do: %j', (reading, text) => {
		const fault = clockFault(reading, NOON, false);
		const problem = fault && clockProblem(fault);
		expect(problem).toMatchObject({ code: 'clock-not-set', status: 503, isRetryable: true, retryAfterSeconds: 30 });
		expect(problem?.message).toMatch(text);
		expect(problem?.message).toMatch(/time server.*budgets\.trustClock/);
	});
});

describe('money', () => {
	it('is not spent by a clock that cannot be believed, with or without a ceiling; what is free goes on', () => {
		const { state, spend } = ledger();
		expect(spend(10, 0)).toBe('clock-not-set');
		expect(spend(10, 0, undefined, false)).toBe('clock-not-set');
		expect(spend(10, NOON, false)).toBe('clock-not-set');
		expect(spend(0, 0)).toBe('spent');
		for (const hasCeiling of [true, false])
			expect(state.allowance(scope('x', hasCeiling), { wallMs: 0, nowMs: 0 })).toMatchObject({ nanoUsd: 0, boundBy: 'clock' });
		expect(spend(10, NOON)).toBe('spent');
	});

	it('of a day that is spent does not come back with a clock set back', () => {
		const { spend } = ledger();
		expect(spend(100, NOON)).toBe('spent');
		for (const isSynchronised of [true, false, undefined])
			for (const hours of [0, 1, 13, 24, 48]) expect(spend(1, NOON - hours * HOUR, isSynchronised)).not.toBe('spent');
		expect(spend(1, NOON + 11 * HOUR)).toBe('budget-exhausted');
		expect(spend(1, NOON + 12 * HOUR)).toBe('spent');
	});

	it('of tomorrow, spent by a clock that leapt and was set right again, is gone tomorrow', () => {
		const { spend } = ledger();
		expect(spend(100, NOON + DAY)).toBe('spent');
		expect(spend(1, NOON)).toBe('clock-not-set');
		expect(spend(1, NOON, true)).toBe('budget-exhausted');
		expect(spend(1, NOON + DAY + HOUR)).toBe('budget-exhausted');
		expect(spend(1, NOON + 2 * DAY)).toBe('spent');
	});

	it('is not lost to a leap of years that nobody confirms', () => {
		const { state, spend } = ledger();
		expect(spend(50, NOON)).toBe('spent');
		expect(spend(1, NOON + 900 * DAY)).toBe('clock-not-set');
		expect(state.wallMs).toBe(NOON);
		expect(spend(50, NOON + HOUR)).toBe('spent');
		expect(spend(1, NOON + HOUR)).toBe('budget-exhausted');
	});

	it('reserved before the clock went wrong is settled all the same', () => {
		const { state } = ledger();
		state.reserve('1', scope('t'), 60, { wallMs: NOON, nowMs: 0 });
		state.dispatch('1');
		state.settle('1', { deployment: 'd', costNanoUsd: 60, isBound: false }, { wallMs: 0, nowMs: 1 });
		expect(state.spend({ wallMs: NOON, nowMs: 2 })[0]).toMatchObject({ scope: 'team', settledNanoUsd: 60 });
	});
});
