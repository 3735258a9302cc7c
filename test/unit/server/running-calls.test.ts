import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunningCalls } from '../../../appliance/server/running-calls.ts';

describe('RunningCalls', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it('refuses more than the most, and takes the next when one has ended', () => {
		const calls = new RunningCalls();
		const first = calls.begin(1, 1_000);
		expect(() => calls.begin(1, 1_000)).toThrow(expect.objectContaining({ code: 'rate-limited', retryAfterSeconds: 1 }));
		first.end();
		first.end();
		expect(calls.count).toBe(0);
		calls.begin(1, 1_000).end();
	});

	it('aborts a call that lives too long', () => {
		const { abort } = new RunningCalls().begin(1, 1_000);
		vi.advanceTimersByTime(2_000);
		expect(abort.signal.reason).toMatchObject({ code: 'upstream-timeout' });
	});

	it('lets running calls end before a stop resolves', async () => {
		const calls = new RunningCalls();
		const call = calls.begin(4, 60_000);
		const stopped = calls.stop(10_000);
		expect(() => calls.begin(4, 60_000)).toThrow(expect.objectContaining({ code: 'shutting-down' }));
		await vi.advanceTimersByTimeAsync(5_000);
		expect(call.abort.signal.aborted).toBe(false);
		call.end();
		await stopped;
	});

	it('cancels what outlives the patience of a stop', async () => {
		const calls = new RunningCalls();
		const call = calls.begin(4, 60_000);
		call.abort.signal.addEventListener('abort', () => call.end());
		const stopped = calls.stop(10_000);
		await vi.advanceTimersByTimeAsync(10_000);
		await stopped;
		expect(call.abort.signal.reason).toMatchObject({ code: 'shutting-down' });
	});
});
