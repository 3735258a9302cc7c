import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../appliance/config/load-config.ts';
import { type ConfigChange, watchConfig } from '../../../appliance/config/watch-config.ts';

let directory: string;
let file: string;
let watching: { close(): Promise<void> } | undefined;
const events: (ConfigChange | 'refused')[] = [];

async function start(config: object, settleMs = 20) {
	await writeFile(file, JSON.stringify(config));
	const result = loadConfig(new TextEncoder().encode(JSON.stringify(config)), {});
	if (!result.ok) throw new Error('the first configuration is valid');
	watching = await watchConfig({
		file,
		env: {},
		current: result.settings,
		onChange: (change) => events.push(change),
		onRefused: () => events.push('refused'),
		settleMs,
	});
}

async function nextEvent() {
	await expect.poll(() => events.length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
	return events.shift();
}

beforeEach(async () => {
	events.length = 0;
	directory = await mkdtemp(join(tmpdir(), 'innerloop-config-'));
	file = join(directory, 'config.json');
});

afterEach(async () => {
	await watching?.close();
	await rm(directory, { recursive: true });
});

describe('watchConfig', () => {
	it('takes a valid change over', async () => {
		await start({ version: 1 });
		await writeFile(file, JSON.stringify({ version: 1, budgets: { treeUsd: 2 } }));
		expect(await nextEvent()).toMatchObject({ settings: { budgets: { treeNanoUsd: 2e9 } }, needsRestart: [] });
	});

	it('refuses an invalid one, and takes its repair', async () => {
		await start({ version: 1 });
		await writeFile(file, '{"version":1,');
		expect(await nextEvent()).toBe('refused');
		await writeFile(file, JSON.stringify({ version: 1, log: { level: 'warn' } }));
		expect(await nextEvent()).toMatchObject({ settings: { log: { level: 'warn' } } });
	});

	it('takes a change over although a database beside the file is written all the time', async () => {
		await start({ version: 1 }, 200);
		const neighbour = setInterval(() => void writeFile(join(directory, 'neighbour.db'), String(Math.random())), 5);
		await writeFile(file, JSON.stringify({ version: 1, budgets: { treeUsd: 3 } }));
		try {
			expect(await nextEvent()).toMatchObject({ settings: { budgets: { treeNanoUsd: 3e9 } } });
		} finally {
			clearInterval(neighbour);
		}
	});

	it('sees a new file put in the place of the old one', async () => {
		await start({ version: 1 });
		const other = join(directory, 'new.json');
		await writeFile(other, JSON.stringify({ version: 1, log: { level: 'debug' } }));
		await rename(other, file);
		expect(await nextEvent()).toMatchObject({ settings: { log: { level: 'debug' } } });
		// And again: the watch must not hang on the first file.
		await writeFile(other, JSON.stringify({ version: 1, log: { level: 'error' } }));
		await rename(other, file);
		expect(await nextEvent()).toMatchObject({ settings: { log: { level: 'error' } } });
	});

	it('says what only a restart takes over', async () => {
		await start({ version: 1 });
		await writeFile(file, JSON.stringify({ version: 1, server: { port: 8080 }, local: { slots: 4 } }));
		expect(await nextEvent()).toMatchObject({ needsRestart: ['server.port', 'local'] });
	});

	it('keeps what runs when the file goes away', async () => {
		await start({ version: 1 });
		await rm(file);
		expect(await nextEvent()).toBe('refused');
	});

	it('is silent about a file written again with the same content', async () => {
		await start({ version: 1 });
		await writeFile(file, JSON.stringify({ version: 1 }));
		await writeFile(join(directory, 'unrelated'), 'x');
		await writeFile(file, JSON.stringify({ version: 1, log: { level: 'fatal' } }));
		expect(await nextEvent()).toBe('refused');
		expect(events).toEqual([]);
	});
});
