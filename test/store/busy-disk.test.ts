/** A disk that takes nothing for a while: money waits, what costs nothing goes on, and nothing is lost. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../appliance/protocol/ports.ts';
import { MOST_WAITING_LINES } from '../../appliance/store/call-history.ts';
import { openStore } from '../../appliance/store/open-store.ts';
import { BUDGETS, createTestClock, decisionOf, outcomeOf, scopeOf } from './conformance.ts';

const clock = createTestClock();
let directory: string;
let store: Store;
let blocker: DatabaseSync;
const errors: string[] = [];

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), 'innerloop-busy-'));
	const file = join(directory, 'innerloop.sqlite');
	const note = (_: object, message: string): void => void errors.push(message);
	store = await openStore({ file, clock, budgets: BUDGETS, log: { info: () => undefined, warn: () => undefined, error: note } });
	// Another writer that does not let go: to the journal it is a disk that refuses every commit.
	blocker = new DatabaseSync(file, { timeout: 5_000 });
});
afterEach(async () => {
	blocker.close();
	await store.close();
	rmSync(directory, { recursive: true });
});

async function admit(callId: string, nanoUsd: number): Promise<void> {
	const result = store.ledger.reserve(callId, scopeOf('t'), nanoUsd);
	if (!result.isAdmitted) throw result.problem;
	await result.durable;
}

async function until(isSo: () => boolean): Promise<void> {
	for (const end = performance.now() + 30_000; !isSo(); await sleep(20)) if (performance.now() > end) throw new Error('did not happen');
}

describe('while the disk refuses commits', () => {
	it('holds fail clearly, calls inside a hold and free ones go on, and all is written once it takes them again', async () => {
		await admit('before', 1_000);
		blocker.exec('BEGIN IMMEDIATE');
		store.ledger.dispatch('before');
		store.ledger.settle('before', { deployment: 'd', costNanoUsd: 600, isBound: false });
		await expect(admit('waits', 1_000_000)).rejects.toMatchObject({ code: 'internal', isRetryable: true });
		store.ledger.release('waits');
		expect(store.stats().failure).toMatch(/locked/);
		expect(errors).toEqual(['the disk refuses the ledger']);
		await expect(admit('refused', 1)).rejects.toMatchObject({
			message: expect.stringMatching(/No money can be set aside while the disk refuses/),
		});
		await admit('free', 0);
		blocker.exec('ROLLBACK');
		await until(() => store.stats().failure === undefined);
		await admit('after', 1_000_000);
		// A question is answered behind everything that was written before it.
		await store.history.find('nothing');
		expect(blocker.prepare('SELECT call_id, cost_nano_usd FROM settlements').all()).toEqual([{ call_id: 'before', cost_nano_usd: 600 }]);
		expect(blocker.prepare('SELECT call_id FROM reservations').all()).toEqual([{ call_id: 'after' }]);
	});

	it('the history waits in memory up to a bound, and counts what it does not keep', async () => {
		blocker.exec('BEGIN IMMEDIATE');
		const calls = MOST_WAITING_LINES + 50;
		for (let n = 0; n < calls; n += 1) store.history.record(decisionOf(`c${n}`), outcomeOf(`c${n}`));
		expect(store.stats().droppedCalls).toBe(50);
		blocker.exec('ROLLBACK');
		expect((await store.history.recent(1))[0]?.decision.callId).toBe(`c${MOST_WAITING_LINES - 1}`);
		expect(blocker.prepare('SELECT count(*) AS n FROM calls').get()).toEqual({ n: MOST_WAITING_LINES });
	});

	it('a stopped store refuses holds', async () => {
		await store.close();
		expect(store.ledger.reserve('c', scopeOf('t'), 1)).toMatchObject({ isAdmitted: false, problem: { code: 'shutting-down' } });
	});
});
