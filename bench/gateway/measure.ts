/** The measurements themselves: latency call by call, the first delta, calls a second, memory. */

import type { DialectName } from '../../appliance/protocol/words.ts';
import { processorMs, residentBytes } from '../../test/support/child-program.ts';
import { percentiles } from '../lib/samples.ts';
import type { BodyName } from './bodies.ts';
import type { LoadProcess } from './processes.ts';
import type { RunningTarget } from './targets.ts';

const FOREVER = Number.MAX_SAFE_INTEGER;

/** How much of each measurement is made. */
export interface Effort {
	/** Calls of one latency round, and rounds; rounds of all targets take turns, so that a noisy moment meets all. */
	readonly roundCalls: number;
	readonly rounds: number;
	/** Length of one throughput round, and rounds. */
	readonly throughputMs: number;
	readonly throughputRounds: number;
}

export interface Latency {
	readonly p50: number;
	readonly p99: number;
	/** NaN for calls that are not streamed. */
	readonly firstDeltaP50: number;
	readonly count: number;
}

export interface NamedTarget {
	readonly name: string;
	/** Default: Anthropic Messages. */
	readonly dialect?: DialectName;
	readonly running: RunningTarget;
}

/** One call at a time, in ms. */
export async function measureLatency(
	load: LoadProcess,
	targets: readonly NamedTarget[],
	body: BodyName,
	{ roundCalls, rounds }: Effort,
): Promise<Map<string, Latency>> {
	const samples = new Map(targets.map(({ name }) => [name, { latencies: [] as number[], firstDeltas: [] as number[] }]));
	for (let round = 0; round <= rounds; round += 1) {
		for (const { name, running, dialect = 'anthropic' } of targets) {
			const plan = { url: running.url, headers: running.headers, body, dialect, connections: 1, durationMs: 20_000 };
			const result = await named(name, load.run({ ...plan, calls: roundCalls }));
			// The first round warms up.
			if (round === 0) continue;
			samples.get(name)?.latencies.push(...result.latenciesMs);
			samples.get(name)?.firstDeltas.push(...result.firstDeltasMs);
		}
	}
	return new Map(
		[...samples].map(([name, { latencies, firstDeltas }]) => {
			const { p50, p99, count } = percentiles(latencies);
			return [name, { p50, p99, count, firstDeltaP50: percentiles(firstDeltas).p50 }];
		}),
	);
}

export interface Throughput {
	readonly callsPerSecond: number;
	/** Of the program under test, all its processes and threads: hardly touched by what else the machine does. */
	readonly processorMsPerCall: number;
}

/** With 32 connections; the median of rounds in which all targets take turns. */
export async function measureThroughput(
	load: LoadProcess,
	targets: readonly NamedTarget[],
	body: BodyName,
	{ throughputMs, throughputRounds }: Effort,
): Promise<Map<string, Throughput>> {
	const rounds = new Map(targets.map(({ name }) => [name, [] as Throughput[]]));
	for (let round = 0; round < throughputRounds; round += 1) {
		for (const { name, running, dialect = 'anthropic' } of targets) {
			const plan = { url: running.url, headers: running.headers, body, dialect, connections: 32, calls: FOREVER };
			await named(name, load.run({ ...plan, durationMs: throughputMs / 4 }));
			const before = processorMs(running.pids());
			const { latenciesMs, elapsedMs } = await named(name, load.run({ ...plan, durationMs: throughputMs }));
			const used = processorMs(running.pids()) - before;
			const calls = latenciesMs.length;
			rounds.get(name)?.push({ callsPerSecond: (calls / elapsedMs) * 1_000, processorMsPerCall: used / calls });
		}
	}
	return new Map(
		[...rounds].map(([name, taken]) => [
			name,
			{
				callsPerSecond: percentiles(taken.map(({ callsPerSecond }) => callsPerSecond)).p50,
				processorMsPerCall: percentiles(taken.map(({ processorMsPerCall }) => processorMsPerCall)).p50,
			},
		]),
	);
}

/** Resident memory now, MB of 10⁶ bytes. */
export function idleMb({ running }: NamedTarget): number {
	return residentBytes(running.pids(), 'VmRSS') / 1e6;
}

/** The most that its processes ever held (each its own most), MB of 10⁶ bytes. */
export function peakMb({ running }: NamedTarget): number {
	return residentBytes(running.pids(), 'VmHWM') / 1e6;
}

/** Says of which program a failure is: an address alone tells nobody. */
async function named<T>(name: string, run: Promise<T>): Promise<T> {
	try {
		return await run;
	} catch (cause) {
		throw new Error(`${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
	}
}
