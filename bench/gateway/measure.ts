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
	/** Calls with 32 connections before the first round of a body: compilers need some ten thousand calls to be done. */
	readonly warmMs: number;
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
	/** Starts it again after a failure; false where it is given up. Undefined for what must not fail. */
	revive?(cause: Error): Promise<boolean>;
	/** What is to be said of it beside its name. */
	readonly note?: string | undefined;
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
		for (const target of targets) {
			const result = await persistently(target, () =>
				load.run({ ...planFor(target, body), connections: 1, durationMs: 20_000, calls: roundCalls }),
			);
			// The first round warms up.
			if (round === 0 || result === undefined) continue;
			samples.get(target.name)?.latencies.push(...result.latenciesMs);
			samples.get(target.name)?.firstDeltas.push(...result.firstDeltasMs);
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
	{ throughputMs, throughputRounds, warmMs }: Effort,
): Promise<Map<string, Throughput>> {
	const rounds = new Map(targets.map(({ name }) => [name, [] as Throughput[]]));
	const run = (target: NamedTarget, durationMs: number) =>
		load.run({ ...planFor(target, body), connections: 32, calls: FOREVER, durationMs });
	for (const target of targets) await persistently(target, () => run(target, warmMs));
	for (let round = 0; round < throughputRounds; round += 1) {
		for (const target of targets) {
			const taken = await persistently(target, async () => {
				await run(target, throughputMs / 4);
				const before = processorMs(target.running.pids());
				const { latenciesMs, elapsedMs } = await run(target, throughputMs);
				const used = processorMs(target.running.pids()) - before;
				const calls = latenciesMs.length;
				return { callsPerSecond: (calls / elapsedMs) * 1_000, processorMsPerCall: used / calls };
			});
			if (taken !== undefined) rounds.get(target.name)?.push(taken);
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

/** Of a target that may have been started again since, at another address. */
function planFor({ running: { url, headers }, dialect = 'anthropic' }: NamedTarget, body: BodyName) {
	return { url, headers, body, dialect };
}

/** Repeats what failed because its program died; undefined where that one is given up. Says of which program a failure is. */
async function persistently<T>(target: NamedTarget, round: () => Promise<T>): Promise<T | undefined> {
	for (;;) {
		try {
			return await round();
		} catch (cause) {
			const failure = new Error(`${target.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
			if (target.revive === undefined) throw failure;
			if (!(await target.revive(failure))) return undefined;
		}
	}
}
