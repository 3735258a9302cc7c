import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
	createLoadMeter,
	createThermometer,
	MachineSampler,
	machineReaders,
	readPressure,
} from '../../../appliance/system/machine-sampler.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'innerloop-sampler-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('this machine', () => {
	it('is read in one look: memory, the data folder’s disk, the service itself', async () => {
		const sampler = new MachineSampler(machineReaders(folder), () => 7);
		const sample = await sampler.latest();
		expect(sample.atMs).toBe(7);
		expect(sample.rssBytes).toBeGreaterThan(1e7);
		expect(sample.totalBytes).toBeGreaterThan(sample.freeBytes ?? 0);
		expect(sample.disk?.totalBytes).toBeGreaterThan(0);
		expect(sample.cpuLoadPercent).toBeGreaterThanOrEqual(0);
		expect(sampler.last).toBe(sample);
	});

	it('is not asked twice at once, and later looks are the last one until there is a newer', async () => {
		let looks = 0;
		const slow = {
			...machineReaders(folder),
			disk: () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 20 * ++looks)),
		};
		const sampler = new MachineSampler(slow, () => 0);
		const heard: unknown[] = [];
		sampler.onSample((sample) => heard.push(sample));
		const [one, two] = await Promise.all([sampler.latest(), sampler.look()]);
		expect(two).toBe(one);
		expect(await sampler.latest()).toBe(one);
		expect([looks, heard]).toEqual([1, [one]]);
	});
});

describe('memory pressure', () => {
	it('is the mean of ten seconds', async () => {
		const file = join(folder, 'memory');
		await writeFile(file, 'some avg10=12.50 avg60=3.00 avg300=0.10 total=1\nfull avg10=4.25 avg60=0.00 avg300=0.00 total=2\n');
		expect(await readPressure(file)).toEqual({ somePercent: 12.5, fullPercent: 4.25 });
	});

	it('is not said where the kernel keeps no account', async () => {
		expect(await readPressure(join(folder, 'nowhere'))).toBeUndefined();
		const file = join(folder, 'odd');
		await writeFile(file, 'Operation not supported');
		expect(await readPressure(file)).toBeUndefined();
	});
});

describe('the temperature', () => {
	it('is the kernel’s own figure, and nobody else is asked', async () => {
		const file = join(folder, 'temp');
		await writeFile(file, '61234\n');
		const asked = async () => {
			throw new Error('asked elsewhere');
		};
		expect(await createThermometer(file, asked)()).toBe(61.2);
	});

	it('is asked for elsewhere where there is no such file, and once where nobody knows it', async () => {
		const nowhere = join(folder, 'no-sensor');
		expect(await createThermometer(nowhere, async () => 48.56)()).toBe(48.6);
		let asked = 0;
		const thermometer = createThermometer(nowhere, async () => {
			asked += 1;
			return null;
		});
		expect([await thermometer(), await thermometer(), asked]).toEqual([undefined, undefined, 1]);
	});
});

describe('the load', () => {
	const processor = (idle: number, user: number) => ({ times: { user, nice: 0, sys: 0, irq: 0, idle } });

	it('is what all processors together did since the last look', async () => {
		const looks = [
			[processor(900, 100), processor(1_000, 0)],
			[processor(1_000, 200), processor(1_050, 150)],
			[processor(1_000, 200), processor(1_050, 150)],
		];
		const meter = createLoadMeter(() => looks.shift() ?? []);
		expect([await meter(), await meter(), await meter()]).toEqual([5, 63, undefined]);
	});
});
