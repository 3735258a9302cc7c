/** The mean that cannot be exceeded: for any order of reservations, settlements, releases, restarts and any costs. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	EMPTY_GUARD,
	type GuardEvent,
	type GuardSettings,
	type GuardState,
	guard,
	headroomNanoUsd,
	heldNanoUsd,
	limitNanoUsd,
	NO_SUMS,
	recoverGuard,
} from '../../../../appliance/router/policy/spend-guard.ts';

const PERIODS = ['2026-11-23', '2026-11-24'];
const SETTINGS: GuardSettings = { targetNanoUsd: 1_000_000, tolerancePermille: 4, openingCreditNanoUsd: 3_000_000 };

const callId = fc.integer({ min: 0, max: 30 }).map((n) => `call-${n}`);
const nanoUsd = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 80_000_000 }));
const event: fc.Arbitrary<GuardEvent> = fc.oneof(
	fc.record({
		type: fc.constant('reserve' as const),
		callId,
		period: fc.constantFrom(...PERIODS),
		worstNanoUsd: nanoUsd,
		isException: fc.boolean(),
	}),
	fc.record({ type: fc.constant('settle' as const), callId, costNanoUsd: nanoUsd }),
	fc.record({ type: fc.constant('release' as const), callId }),
);
const settings = fc.record({
	targetNanoUsd: fc.integer({ min: 1, max: 5_000_000 }),
	tolerancePermille: fc.constantFrom(0, 4, 50),
	openingCreditNanoUsd: fc.integer({ min: 0, max: 20_000_000 }),
});

function expectWithin(state: GuardState, own: GuardSettings) {
	for (const [period, { calls, settledNanoUsd }] of state.periods) {
		expect(settledNanoUsd).toBeLessThanOrEqual(limitNanoUsd(calls, own));
		expect(settledNanoUsd + heldNanoUsd(state, period)).toBeLessThanOrEqual(limitNanoUsd(calls + 1, own));
	}
}

describe('the hard filter', () => {
	it('keeps settled within (1 + tolerance)·B·n + credit after every event of any order', () => {
		fc.assert(
			fc.property(settings, fc.array(event, { maxLength: 120 }), (own, events) => {
				let state = EMPTY_GUARD;
				for (const one of events) {
					state = guard(state, one, own).state;
					expectWithin(state, own);
				}
			}),
			{ numRuns: 400 },
		);
	});

	it('changes nothing when an event comes twice', () => {
		fc.assert(
			fc.property(fc.array(event, { maxLength: 60 }), (events) => {
				let state = EMPTY_GUARD;
				for (const one of events) {
					const { state: next, isAdmitted } = guard(state, one, SETTINGS);
					if (isAdmitted) expect(guard(next, one, SETTINGS).state).toEqual(next);
					else expect(next).toBe(state);
					state = next;
				}
			}),
		);
	});

	it('keeps the bound across a restart that lost the calls in flight, whatever they cost in the end', () => {
		fc.assert(
			fc.property(fc.array(event, { maxLength: 60 }), fc.array(event, { maxLength: 60 }), (before, after) => {
				const play = (from: GuardState, events: readonly GuardEvent[]) =>
					events.reduce((state, one) => guard(state, one, SETTINGS).state, from);
				const lost = play(EMPTY_GUARD, before);
				const period = PERIODS[1] ?? '';
				// The ledger charges at most its bound for what was in flight.
				const recovered = recoverGuard(lost, period, 0);
				const { settledNanoUsd } = recovered.periods.get(period) ?? NO_SUMS;
				expect(settledNanoUsd).toBe((lost.periods.get(period)?.settledNanoUsd ?? 0) + heldNanoUsd(lost, period));
				expectWithin(recovered, SETTINGS);
				expectWithin(play(recovered, after), SETTINGS);
			}),
		);
	});

	it('counts free calls, so that they make room', () => {
		let state = EMPTY_GUARD;
		const dear = { type: 'reserve', callId: 'dear', period: 'p', worstNanoUsd: 5_000_000 } as const;
		expect(guard(state, dear, SETTINGS).isAdmitted).toBe(false);
		for (const id of ['a', 'b']) {
			state = guard(state, { type: 'reserve', callId: id, period: 'p', worstNanoUsd: 0 }, SETTINGS).state;
			state = guard(state, { type: 'settle', callId: id, costNanoUsd: 0 }, SETTINGS).state;
		}
		expect(headroomNanoUsd(state, 'p', SETTINGS)).toBe(3 * 1_004_000 + 3_000_000);
		expect(guard(state, dear, SETTINGS).isAdmitted).toBe(true);
	});

	it('holds the worst case of each call in flight against the next', () => {
		const first = guard(EMPTY_GUARD, { type: 'reserve', callId: 'a', period: 'p', worstNanoUsd: 4_000_000 }, SETTINGS);
		const second = { type: 'reserve', callId: 'b', period: 'p', worstNanoUsd: 5_000 } as const;
		expect(first.isAdmitted).toBe(true);
		expect(guard(first.state, second, SETTINGS).isAdmitted).toBe(false);
		const settled = guard(first.state, { type: 'settle', callId: 'a', costNanoUsd: 1_000 }, SETTINGS).state;
		expect(guard(settled, second, SETTINGS).isAdmitted).toBe(true);
	});

	it('tells exceptions and broken bounds apart from what it bounds', () => {
		const exception = { type: 'reserve', callId: 'a', period: 'p', worstNanoUsd: 90_000_000, isException: true } as const;
		let state = guard(EMPTY_GUARD, exception, SETTINGS).state;
		state = guard(state, { type: 'settle', callId: 'a', costNanoUsd: 70_000_000 }, SETTINGS).state;
		state = guard(state, { type: 'reserve', callId: 'b', period: 'p', worstNanoUsd: 1_000 }, SETTINGS).state;
		state = guard(state, { type: 'settle', callId: 'b', costNanoUsd: 1_500 }, SETTINGS).state;
		expect(state.periods.get('p')).toEqual({
			calls: 1,
			settledNanoUsd: 1_000,
			exceptions: 1,
			exceptionNanoUsd: 70_000_000,
			overrunNanoUsd: 500,
		});
	});

	it('settles a call in the period in which it was reserved, and forgets periods that are over', () => {
		let state = guard(EMPTY_GUARD, { type: 'reserve', callId: 'late', period: '2026-11-23', worstNanoUsd: 5 }, SETTINGS).state;
		state = guard(state, { type: 'reserve', callId: 'new', period: '2026-11-24', worstNanoUsd: 5 }, SETTINGS).state;
		expect([...state.periods.keys()]).toEqual(['2026-11-23', '2026-11-24']);
		state = guard(state, { type: 'settle', callId: 'late', costNanoUsd: 5 }, SETTINGS).state;
		expect([...state.periods.keys()]).toEqual(['2026-11-24']);
		expect(state.periods.get('2026-11-24')?.calls).toBe(0);
	});

	it('believes the ledger where it knows of more than was kept here', () => {
		expect(recoverGuard(EMPTY_GUARD, 'p', 777).periods.get('p')?.settledNanoUsd).toBe(777);
	});
});
