/** Memory, load and temperature of the machine, for the status page; asked rarely and never on a call's way. */

import { cpuTemperature, currentLoad, mem } from 'systeminformation';
import type { SystemFacts } from '../protocol/admin.ts';

/** A sensor may take tens of milliseconds, and a status page asks often. */
const FRESH_MS = 5_000;

/** Returns a reader that looks at the machine at most every five seconds. */
export function createSystemFacts(nowMs: () => number): () => Promise<SystemFacts> {
	let last: { readonly atMs: number; readonly facts: Promise<SystemFacts> } | undefined;
	return () => {
		if (last === undefined || nowMs() - last.atMs > FRESH_MS) last = { atMs: nowMs(), facts: read() };
		return last.facts;
	};
}

async function read(): Promise<SystemFacts> {
	const [memory, temperature, load] = await Promise.allSettled([mem(), cpuTemperature(), currentLoad()]);
	const celsius = temperature.status === 'fulfilled' ? temperature.value.main : undefined;
	return {
		rssBytes: process.memoryUsage.rss(),
		freeBytes: memory.status === 'fulfilled' ? memory.value.available : 0,
		totalBytes: memory.status === 'fulfilled' ? memory.value.total : 0,
		temperatureCelsius: typeof celsius === 'number' && celsius > 0 ? celsius : undefined,
		cpuLoadPercent: load.status === 'fulfilled' ? Math.round(load.value.currentLoad) : undefined,
	};
}
