import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	CLOSED,
	type Cooldown,
	type CooldownEvent,
	type FailureClass,
	failureOfStatus,
	isTrialDue,
	nextCooldown,
	passedOverUntilMs,
	retryAfterMs,
} from '../../../appliance/router/cooldown.ts';

const failed = (name: FailureClass, nowMs = 0, retryAfter?: number): CooldownEvent => ({
	type: 'failed',
	class: name,
	nowMs,
	retryAfterMs: retryAfter,
});
const stateAfter = (...events: CooldownEvent[]): Cooldown => events.reduce(nextCooldown, CLOSED);

describe('cooldown', () => {
	it.each<[FailureClass, number, number]>([
		['rate-limited', 1, 5_000],
		['overloaded', 2, 5_000],
		['server-error', 3, 5_000],
		['timeout', 2, 10_000],
		['connection', 2, 5_000],
		['unauthorized', 1, 60_000],
		['not-found', 1, 60_000],
	])('rests after %s, %i times in a row', (name, times, restMs) => {
		const failures = Array.from({ length: times }, () => failed(name));
		expect(stateAfter(...failures.slice(1)).phase).toBe('closed');
		expect(stateAfter(...failures)).toMatchObject({ phase: 'resting', untilMs: restMs });
	});

	it('counts failures in a row only', () => {
		expect(stateAfter(failed('overloaded'), { type: 'succeeded' }, failed('overloaded')).phase).toBe('closed');
	});

	it('rests as long as the upstream asks, within reason', () => {
		expect(stateAfter(failed('server-error', 100, 1_500)).untilMs).toBe(1_600);
		expect(stateAfter(failed('rate-limited', 0, 86_400_000)).untilMs).toBe(300_000);
		expect(stateAfter(failed('rate-limited', 0, 0)).untilMs).toBe(0);
	});

	it('lets one call try it when its time is up, and keeps the others off until that is decided', () => {
		const due = stateAfter(failed('rate-limited'));
		expect([isTrialDue(due, 4_999), isTrialDue(due, 5_000)]).toEqual([false, true]);
		const trial = nextCooldown(due, { type: 'sent', nowMs: 5_000 });
		expect(trial.phase).toBe('trial');
		// An hour later it still runs: nobody else tries.
		expect(passedOverUntilMs(trial, 3_600_000)).toBeGreaterThan(3_600_000);
		expect(nextCooldown(trial, { type: 'sent', nowMs: 3_600_000 })).toEqual(trial);
		expect(isTrialDue(trial, 3_600_000)).toBe(false);
	});

	it('ends with the trial: closed by its success, doubled by its failure', () => {
		const trial = stateAfter(failed('rate-limited'), { type: 'sent', nowMs: 5_000 });
		expect(nextCooldown(trial, { type: 'succeeded', sentMs: 5_000, isTrial: true })).toEqual(CLOSED);
		const again = nextCooldown(trial, { type: 'failed', class: 'server-error', nowMs: 6_000, isTrial: true });
		expect(again).toMatchObject({ phase: 'resting', untilMs: 16_000 });
	});

	it('is not ended by another call, however it goes', () => {
		const trial = stateAfter(failed('rate-limited'), { type: 'sent', nowMs: 5_000 });
		expect(nextCooldown(trial, failed('server-error', 6_000))).toEqual(trial);
		expect(nextCooldown(trial, { type: 'succeeded', sentMs: 4_000 })).toEqual(trial);
	});

	it('hears nothing new from an answer to a call that was sent before the rest began', () => {
		const resting = stateAfter(failed('rate-limited', 1_000));
		expect(nextCooldown(resting, { type: 'succeeded', sentMs: 900 })).toEqual(resting);
		expect(nextCooldown(resting, { type: 'succeeded', sentMs: 1_100 })).toEqual(CLOSED);
	});

	it('leaves the trial to the next call when the first one tells nothing', () => {
		const open = stateAfter(failed('rate-limited'), { type: 'sent', nowMs: 5_000 }, { type: 'abandoned', nowMs: 7_000 });
		expect(isTrialDue(open, 7_000)).toBe(true);
		expect(stateAfter({ type: 'abandoned', nowMs: 7_000 })).toEqual(CLOSED);
	});

	it('is not prolonged by calls that were under way', () => {
		const resting = stateAfter(failed('rate-limited'));
		expect(nextCooldown(resting, failed('rate-limited', 4_000))).toEqual(resting);
		expect(nextCooldown(resting, { type: 'sent', nowMs: 4_000 })).toEqual(resting);
	});

	it('never rests longer than five minutes, whatever happens', () => {
		const classes: FailureClass[] = ['rate-limited', 'overloaded', 'server-error', 'timeout', 'connection', 'unauthorized', 'not-found'];
		const event = fc.oneof(
			fc.record({
				kind: fc.constant('failed' as const),
				class: fc.constantFrom(...classes),
				retry: fc.option(fc.nat(1e9), { nil: undefined }),
			}),
			fc.record({ kind: fc.constantFrom('sent' as const, 'succeeded' as const) }),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(fc.nat(60_000), event)), (steps) => {
				let state = CLOSED;
				let nowMs = 0;
				for (const [pause, step] of steps) {
					nowMs += pause;
					if (step.kind === 'failed')
						state = nextCooldown(state, { type: 'failed', class: step.class, nowMs, retryAfterMs: step.retry, isTrial: true });
					else state = nextCooldown(state, step.kind === 'sent' ? { type: 'sent', nowMs } : { type: 'succeeded' });
					expect(state.untilMs - nowMs).toBeLessThanOrEqual(300_000);
					if (step.kind === 'succeeded') expect(state).toEqual(CLOSED);
				}
			}),
		);
	});
});

describe('statuses and headers', () => {
	it.each([
		[429, 'rate-limited'],
		[503, 'overloaded'],
		[529, 'overloaded'],
		[500, 'server-error'],
		[504, 'timeout'],
		[401, 'unauthorized'],
		[404, 'not-found'],
		[400, undefined],
		[413, undefined],
		[200, undefined],
	])('%i is %s', (status, name) => {
		expect(failureOfStatus(status)).toBe(name);
	});

	it.each([
		['2', 2_000],
		['0.5', 500],
		['', undefined],
		['-1', undefined],
		['soon', undefined],
		[undefined, undefined],
	])('retry-after %s is %s ms', (header, ms) => {
		expect(retryAfterMs(header)).toBe(ms);
	});

	it('retry-after may be a date', () => {
		const wallMs = Date.parse('Mon, 23 Nov 2026 12:00:00 GMT');
		expect(retryAfterMs('Mon, 23 Nov 2026 12:00:07 GMT', wallMs)).toBe(7_000);
		expect(retryAfterMs('Mon, 23 Nov 2026 11:00:00 GMT', wallMs)).toBe(0);
		expect(retryAfterMs('Mon, never', wallMs)).toBeUndefined();
	});
});
