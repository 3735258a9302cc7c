import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SpendReport } from '../../appliance/protocol/admin.ts';
import { type Service, startService } from '../support/start-service.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { send } from './support/raw-client.ts';
import { admin, ask, TEST_ENV, testConfig } from './support/start-box.ts';

const DAY_USD = 0.6;
const KILLS = 3;
const WORKERS = 12;

const SLOW = { betweenEventsMs: 4, firstByteMs: 3 };

async function teamDay(service: Service, key: string) {
	const { json } = await admin(service.url, key, 'GET', '/spend');
	const row = (json as SpendReport).rows.find(({ scope, period }) => scope === 'team' && period === 'day');
	if (row === undefined) throw new Error('the team has no day');
	return row;
}

/** Calls without end, each with words of its own, until the service is gone. */
async function load(service: Service, key: string, worker: number): Promise<void> {
	for (let call = 0; ; call += 1) {
		const body = JSON.stringify(ask(`worker ${worker} asks ${call}`, { stream: call % 3 !== 0, max_tokens: 400 }));
		const headers = { 'content-type': 'application/json', 'x-api-key': key };
		try {
			await send(`${service.url}/v1/messages`, { headers, body });
		} catch {
			return;
		}
	}
}

it('loses no cent under kill -9 of a loaded service: what the vendor bills is settled, and never more than the ceiling', async () => {
	const vendor = await startAnthropicUpstream({ script: () => ({ content: ['word '.repeat(60)], ...SLOW }) });
	const dataDir = mkdtempSync(join(tmpdir(), 'innerloop-kill-'));
	const { version: _, ...config } = testConfig({ anthropic: vendor.url, config: { budgets: { teamDayUsd: DAY_USD, treeUsd: 0.05 } } });
	let key: string | undefined;
	try {
		for (let kill = 0; kill < KILLS; kill += 1) {
			const service = await startService({ config, env: TEST_ENV, dataDir, ...(key === undefined ? {} : { key }) });
			key ??= service.key;
			const calls = vendor.calls.length;
			const workers = Array.from({ length: WORKERS }, (_one, index) => load(service, key ?? '', index));
			while (vendor.calls.length < calls + 20) await delay(5);
			await delay(50 + kill * 130);
			process.kill(service.program.pid, 'SIGKILL');
			await Promise.all(workers);
			await service.stop();
		}
		const after = await startService({ config, env: TEST_ENV, dataDir, key: key ?? '' });
		const { settledNanoUsd, reservedNanoUsd, ceilingNanoUsd } = await teamDay(after, key ?? '');
		await after.stop();
		const billed = vendor.bill.totalNanoUsd();
		expect(billed).toBeGreaterThan(0);
		expect(settledNanoUsd).toBeGreaterThanOrEqual(billed);
		expect(reservedNanoUsd).toBe(0);
		expect(ceilingNanoUsd).toBe(DAY_USD * 1e9);
		expect(settledNanoUsd).toBeLessThanOrEqual(DAY_USD * 1e9);
	} finally {
		await vendor.close();
		rmSync(dataDir, { recursive: true, force: true });
	}
});
