/** What an update asks of the service: to stop, to start, and whether it is well. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ServiceFile } from '../protocol/admin.ts';

const run = promisify(execFile);

export interface ServiceControl {
	stop(): Promise<void>;
	start(): Promise<void>;
	/** The version that answers now; undefined while none does. */
	answeringVersion(): Promise<string | undefined>;
}

const UNIT = 'innerloop.service';

export function systemdService(dataDir: string): ServiceControl {
	return {
		stop: async () => void (await run('systemctl', ['stop', UNIT])),
		// Not waited for: a release that hangs in its start must be found out by its health, not hang the update.
		start: async () => void (await run('systemctl', ['start', '--no-block', UNIT])),
		answeringVersion: () => askVersion(dataDir),
	};
}

/** By what the running service writes down once it listens; a file that a killed one left behind has an address that does not answer. */
export async function askVersion(dataDir: string): Promise<string | undefined> {
	try {
		const { address, version } = JSON.parse(await readFile(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
		const reply = await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(5_000) });
		return reply.ok ? version : undefined;
	} catch {
		return undefined;
	}
}

export interface HealthGate {
	/** How long the new release may take to answer. */
	readonly patienceMs: number;
	/** How long it must then go on answering. */
	readonly settleMs: number;
	readonly pollMs: number;
}

export const HEALTH_GATE: HealthGate = { patienceMs: 120_000, settleMs: 20_000, pollMs: 1_000 };

/** @returns why it is not well, or undefined once it has answered throughout the settling time */
export async function waitHealthy(
	service: ServiceControl,
	version: string,
	gate: HealthGate,
	nowMs: () => number,
): Promise<string | undefined> {
	const startMs = nowMs();
	let wellSinceMs: number | undefined;
	while (true) {
		const answering = await service.answeringVersion();
		if (answering === version) wellSinceMs ??= nowMs();
		else if (wellSinceMs !== undefined) return `${version} answered and then no longer did`;
		if (wellSinceMs !== undefined && nowMs() - wellSinceMs >= gate.settleMs) return undefined;
		if (wellSinceMs === undefined && nowMs() - startMs >= gate.patienceMs)
			return answering === undefined
				? `${version} did not answer within ${gate.patienceMs / 1_000} s`
				: `${answering} answers instead of ${version}`;
		await sleep(gate.pollMs);
	}
}
