/** Looks at the machine every few seconds, off every call's way, and keeps the last look. */

import { readFile, statfs } from 'node:fs/promises';
import { type CpuInfo, cpus } from 'node:os';
import { cpuTemperature, mem } from 'systeminformation';
import type { DiskUse, MachineSample, MemoryPressure, PiFlags } from '../protocol/machine.ts';
import { readPiFlags } from './pi-flags.ts';

const EVERY_MS = 2_000;

const PRESSURE_FILE = '/proc/pressure/memory';

/** The processor's own sensor, on a Raspberry Pi and most boards of its kind; millidegrees. */
const TEMPERATURE_FILE = '/sys/class/thermal/thermal_zone0/temp';

/** Where each part of a sample comes from; a test names others. Every one resolves, with undefined for "not said". */
export interface MachineReaders {
	memory(): Promise<Pick<MachineSample, 'freeBytes' | 'totalBytes' | 'swapUsedBytes' | 'swapTotalBytes'> | undefined>;
	temperatureCelsius(): Promise<number | undefined>;
	cpuLoadPercent(): Promise<number | undefined>;
	pressure(): Promise<MemoryPressure | undefined>;
	flags(): Promise<PiFlags | undefined>;
	disk(): Promise<DiskUse | undefined>;
}

/** @param dataDir whose disk is watched */
export function machineReaders(dataDir: string): MachineReaders {
	return {
		memory,
		temperatureCelsius: createThermometer(),
		cpuLoadPercent: createLoadMeter(),
		pressure: () => readPressure(),
		flags: createFlagReader(),
		disk: () => readDisk(dataDir),
	};
}

export class MachineSampler {
	readonly #readers: MachineReaders;
	readonly #wallMs: () => number;
	readonly #listeners: ((sample: MachineSample) => void)[] = [];
	#last: MachineSample | undefined;
	#timer: NodeJS.Timeout | undefined;
	#looking: Promise<MachineSample> | undefined;

	constructor(readers: MachineReaders, wallMs: () => number) {
		this.#readers = readers;
		this.#wallMs = wallMs;
	}

	/** Told of every sample. */
	onSample(listener: (sample: MachineSample) => void): void {
		this.#listeners.push(listener);
	}

	/** Resolves with the first look; the timer keeps no process alive. */
	start(): Promise<MachineSample> {
		this.#timer ??= setInterval(() => void this.look(), EVERY_MS).unref();
		return this.latest();
	}

	stop(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	/** The last look; only before the first one does it wait. */
	latest(): Promise<MachineSample> {
		return this.#last === undefined ? this.look() : Promise.resolve(this.#last);
	}

	/** What the last look saw, if there was one. */
	get last(): MachineSample | undefined {
		return this.#last;
	}

	/** A sensor that is slower than the timer is not asked twice at once. */
	look(): Promise<MachineSample> {
		this.#looking ??= this.#read().finally(() => {
			this.#looking = undefined;
		});
		return this.#looking;
	}

	async #read(): Promise<MachineSample> {
		const readers = this.#readers;
		const [memory, temperatureCelsius, cpuLoadPercent, pressure, flags, disk] = await Promise.all([
			readers.memory(),
			readers.temperatureCelsius(),
			readers.cpuLoadPercent(),
			readers.pressure(),
			readers.flags(),
			readers.disk(),
		]);
		const sample = {
			...(memory ?? NO_MEMORY),
			atMs: this.#wallMs(),
			rssBytes: process.memoryUsage.rss(),
			temperatureCelsius,
			cpuLoadPercent,
			pressure,
			flags,
			disk,
		};
		this.#last = sample;
		for (const listener of this.#listeners) listener(sample);
		return sample;
	}
}

const NO_MEMORY = { freeBytes: undefined, totalBytes: undefined, swapUsedBytes: undefined, swapTotalBytes: undefined };

async function memory() {
	const found = await mem().catch(() => undefined);
	if (found === undefined) return undefined;
	return { freeBytes: found.available, totalBytes: found.total, swapUsedBytes: found.swapused, swapTotalBytes: found.swaptotal };
}

/**
 * Two shells that systeminformation starts, and waits for, at every look would hold up all calls meanwhile: a fork of a
 * process of 200 MB takes milliseconds. So the kernel's file is read, and systeminformation is asked where there is
 * none, once if it knows nothing either.
 */
export function createThermometer(
	file = TEMPERATURE_FILE,
	elsewhere: () => Promise<number | null> = async () => (await cpuTemperature()).main,
) {
	let isAbsent = false;
	return async (): Promise<number | undefined> => {
		const read = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
		if (Number.isFinite(read)) return celsiusOf(read / 1000);
		const told = isAbsent ? undefined : await elsewhere().catch(() => undefined);
		const celsius = typeof told === 'number' ? celsiusOf(told) : undefined;
		isAbsent = celsius === undefined;
		return celsius;
	};
}

const celsiusOf = (celsius: number): number | undefined => (celsius > 0 ? Math.round(celsius * 10) / 10 : undefined);

/** Of all processors together since the last look, or since the machine's start; undefined where the system does not say. */
export function createLoadMeter(read: () => readonly Pick<CpuInfo, 'times'>[] = cpus) {
	let last: ProcessorTime = { idleMs: 0, allMs: 0 };
	return async (): Promise<number | undefined> => {
		const now = processorTime(read());
		const idleMs = now.idleMs - last.idleMs;
		const allMs = now.allMs - last.allMs;
		last = now;
		return allMs > 0 ? Math.round((1 - idleMs / allMs) * 100) : undefined;
	};
}

interface ProcessorTime {
	readonly idleMs: number;
	readonly allMs: number;
}

function processorTime(processors: readonly Pick<CpuInfo, 'times'>[]): ProcessorTime {
	let [idleMs, allMs] = [0, 0];
	for (const { times } of processors) {
		idleMs += times.idle;
		allMs += times.user + times.nice + times.sys + times.irq + times.idle;
	}
	return { idleMs, allMs };
}

/** Undefined where the kernel keeps no account: on a Raspberry Pi that needs `psi=1` on its command line. */
export async function readPressure(file = PRESSURE_FILE): Promise<MemoryPressure | undefined> {
	const text = await readFile(file, 'utf8').catch(() => '');
	const mean = (line: string) => Number(new RegExp(`^${line} avg10=(\\d+(?:\\.\\d+)?) `, 'm').exec(text)?.[1] ?? Number.NaN);
	const [somePercent, fullPercent] = [mean('some'), mean('full')];
	return Number.isNaN(somePercent) || Number.isNaN(fullPercent) ? undefined : { somePercent, fullPercent };
}

async function readDisk(folder: string): Promise<DiskUse | undefined> {
	const found = await statfs(folder).catch(() => undefined);
	return found === undefined ? undefined : { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
}

/** A machine without the flags is asked once: where there is no firmware, none comes. */
function createFlagReader(): () => Promise<PiFlags | undefined> {
	let isAbsent = false;
	return async () => {
		if (isAbsent) return undefined;
		const flags = await readPiFlags();
		isAbsent = flags === undefined;
		return flags;
	};
}
