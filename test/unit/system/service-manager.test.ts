/** What systemd is told, and when it is told nothing. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceManager } from '../../../appliance/system/service-manager.ts';

const SECOND_USEC = 1_000_000;

describe('the service manager', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	function managed(env: Record<string, string>, isHealthy: () => Promise<boolean>) {
		const sent: string[] = [];
		const manager = new ServiceManager({ env, isHealthy, status: () => 'fine', send: (lines) => sent.push(lines.join(' ')) });
		return { sent, manager };
	}

	it('gives a sign of life three times within the watchdog’s time, until it stops', async () => {
		const { sent, manager } = managed({ WATCHDOG_USEC: String(30 * SECOND_USEC) }, async () => true);
		manager.ready();
		expect(sent).toEqual(['READY=1 STATUS=fine']);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(sent.slice(1)).toEqual(Array(3).fill('WATCHDOG=1 STATUS=fine'));
		manager.stopping();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(sent.slice(4)).toEqual(['STOPPING=1 STATUS=stopping']);
	});

	it.each([
		['fails', async () => false],
		['throws', () => Promise.reject(new Error('no answer'))],
	])('gives none while its health check %s', async (_how, isHealthy) => {
		const { sent, manager } = managed({ WATCHDOG_USEC: String(3 * SECOND_USEC) }, isHealthy);
		manager.ready();
		await vi.advanceTimersByTimeAsync(10_000);
		expect(sent.length).toBeGreaterThan(5);
		expect(sent.join()).not.toContain('WATCHDOG');
	});

	it('gives none that nobody asked for', async () => {
		const { sent, manager } = managed({}, async () => true);
		manager.ready();
		await vi.advanceTimersByTimeAsync(600_000);
		expect(sent).toEqual(['READY=1 STATUS=fine']);
	});
});
