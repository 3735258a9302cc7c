import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { admin, ask, startBox, testConfig } from './support/start-box.ts';

const START =
	'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n';
const END =
	'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';

/** Begins a stream at once and ends it when told. */
function slowStream(): { upstream: Promise<LoopbackUpstream>; finish(): void } {
	let finish = () => {};
	const upstream = startUpstream((_, response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		response.write(START);
		finish = () => response.end(END);
	});
	return { upstream, finish: () => finish() };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + 10_000;
	while (!(await condition())) {
		if (performance.now() > end) throw new Error('it never happened');
		await delay(10);
	}
}

describe('a stop', () => {
	it('lets running calls end, takes no new ones and says so, then removes its traces', async () => {
		const { upstream, finish } = slowStream();
		await using vendor = await upstream;
		const box = await startBox({ anthropic: vendor.baseUrl });
		const running = box.call('/v1/messages', ask('x', { stream: true }));
		await until(() => vendor.received.length === 1);
		expect((await send(`${box.url}/readyz`, { method: 'GET' })).status).toBe(200);
		let isStopped = false;
		const stopping = box.service.stop().then(() => {
			isStopped = true;
		});
		await delay(50);
		expect(isStopped).toBe(false);
		await expect(send(`${box.url}/healthz`, { method: 'GET' })).rejects.toThrow(/ECONNREFUSED/);
		finish();
		const reply = await running;
		expect([reply.isCut, reply.text]).toEqual([false, START + END]);
		await stopping;
		expect(existsSync(`${box.dataDir}/service.json`)).toBe(false);
		await box.service.stop();
	});

	it('cancels what outlives its patience, and keeps what it cost', async () => {
		const { upstream } = slowStream();
		await using vendor = await upstream;
		const config = { server: { port: 0, limits: { stopTimeoutMs: 200 } } };
		const box = await startBox({ anthropic: vendor.baseUrl, config });
		const running = box.call('/v1/messages', ask('x', { stream: true }));
		await until(() => vendor.received.length === 1);
		await box.service.stop();
		expect((await running).isCut).toBe(true);
		await vendor.received[0]?.aborted;
		await using again = await startBox({ anthropic: vendor.baseUrl, dataDir: box.dataDir, config });
		expect(again.service.firstKey).toBeUndefined();
		const { json } = await admin(again.url, box.key, 'GET', '/spend');
		const { rows } = json as { rows: { scope: string; period: string; settledNanoUsd: number; reservedNanoUsd: number }[] };
		const day = rows.find(({ scope, period }) => scope === 'team' && period === 'day');
		expect(day?.settledNanoUsd).toBeGreaterThan(0);
		expect(day?.reservedNanoUsd).toBe(0);
	});
});

describe('a changed configuration', () => {
	it('is taken over live when it is valid, and refused with the old one kept when it is not', async () => {
		await using one = await startUpstream((_, response) => response.end('{"from":"one"}'));
		await using two = await startUpstream((_, response) => response.end('{"from":"two"}'));
		await using box = await startBox({ anthropic: one.baseUrl });
		const asked = async () => (await box.call('/v1/messages', ask('x'))).isCut || two.received.length > 0;
		await asked();
		expect([one.received.length, two.received.length]).toEqual([1, 0]);

		await box.writeConfig({ ...testConfig({ anthropic: two.baseUrl }), unknown: true });
		await delay(400);
		await asked();
		expect([one.received.length, two.received.length]).toEqual([2, 0]);

		await box.writeConfig(testConfig({ anthropic: two.baseUrl, config: { budgets: { teamDayUsd: 12 } } }));
		await until(asked);
		const { json } = await box.admin('GET', '/spend');
		const { rows } = json as { rows: { scope: string; period: string; ceilingNanoUsd: number }[] };
		expect(rows.find(({ scope, period }) => scope === 'team' && period === 'day')?.ceilingNanoUsd).toBe(12e9);
	});

	it('cannot start the service with faults: it names every one', async () => {
		const config = { version: 1, server: { prot: 1 }, roles: { outer: { tiers: ['golden'] } } };
		await expect(startBox({ config })).rejects.toMatchObject({ message: expect.stringMatching(/prot[\s\S]*port[\s\S]*golden/) });
	});
});

it('says which port is taken', async () => {
	await using box = await startBox();
	const port = Number(new URL(box.url).port);
	await expect(startBox({ config: { server: { port } } })).rejects.toMatchObject({ message: expect.stringContaining('--port') });
});

it('refuses a data directory that another service has open', async () => {
	await using box = await startBox();
	await expect(startBox({ dataDir: box.dataDir })).rejects.toThrow();
});
