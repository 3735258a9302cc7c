/** A box whose clock is wrong: cloud calls wait with a reason, and go on once it is set. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { ask, startBox } from './support/start-box.ts';

const NOW = Date.now();
const HOUR = 3_600_000;

let vendor: StandIn;
beforeAll(async () => {
	vendor = await startAnthropicUpstream({ script: () => ({ content: ['well'] }) });
});
afterAll(() => vendor.close());

/** A clock that a test sets. */
function settable(wallMs: number, isSynchronised?: boolean) {
	const state = { wallMs, isSynchronised };
	return { state, clock: { nowMs: () => performance.now(), wallMs: () => state.wallMs, isSynchronised: () => state.isSynchronised } };
}

describe('a box whose clock was never set', () => {
	it('tells the caller why it waits, sends nothing, and goes on when the clock is right', async () => {
		const { state, clock } = settable(0);
		await using box = await startBox({ anthropic: vendor.url, clock });
		const calls = vendor.calls.length;
		const reply = await box.call('/v1/messages', ask('x'));
		expect(reply.status).toBe(503);
		expect(reply.headers).toMatchObject({ 'retry-after': '30', 'x-should-retry': 'true' });
		expect(reply.text).toMatch(/clock says 1970-01-01T00:00Z.*before this program was built.*time server/);
		expect(vendor.calls.length).toBe(calls);
		const ready = await box.call('/readyz', '', { method: 'GET' });
		expect(ready.status).toBe(503);
		expect(JSON.parse(ready.text)).toMatchObject({ status: 'no-clock', clock: expect.stringContaining('never set') });
		state.wallMs = NOW;
		expect((await box.call('/v1/messages', ask('x'))).status).toBe(200);
		expect((await box.call('/readyz', '', { method: 'GET' })).status).toBe(200);
	});

	it('lets nobody spend before a time server confirms a clock that waits for one, also without a ceiling', async () => {
		const { state, clock } = settable(NOW, false);
		await using box = await startBox({ anthropic: vendor.url, clock });
		const { json } = await box.admin('POST', '/keys', { member: 'owner', hasCeiling: false });
		const headers = { 'x-api-key': (json as { secret: string }).secret };
		expect((await box.call('/v1/messages', ask('x'))).text).toMatch(/no time server has confirmed/);
		expect((await box.call('/v1/messages', ask('x'), { headers })).status).toBe(503);
		state.isSynchronised = true;
		while ((await box.call('/v1/messages', ask('x'))).status !== 200) await delay(50);
		expect((await box.call('/v1/messages', ask('x'), { headers })).status).toBe(200);
	});
});

describe('a clock set back', () => {
	it('holds cloud calls until it is right; the operator can say that it is', async () => {
		const { state, clock } = settable(NOW);
		const options = { anthropic: vendor.url, clock };
		await using box = await startBox(options);
		expect((await box.call('/v1/messages', ask('x'))).status).toBe(200);
		state.wallMs = NOW - 30 * HOUR;
		expect((await box.call('/v1/messages', ask('x'))).text).toMatch(/went back/);
		state.wallMs = NOW;
		expect((await box.call('/v1/messages', ask('x'))).status).toBe(200);
	});

	it('is believed with budgets.trustClock, and reopens no budget all the same', async () => {
		const { state, clock } = settable(NOW);
		await using box = await startBox({ anthropic: vendor.url, clock, config: { budgets: { teamDayUsd: 0.02, trustClock: true } } });
		const spend = async () => (await box.call('/v1/messages', ask('word '.repeat(400), { max_tokens: 300 }))).status;
		for (let status = 200; status === 200; ) status = await spend();
		expect(await spend()).toBe(402);
		state.wallMs = NOW - 30 * HOUR;
		expect(await spend()).toBe(402);
	});
});
