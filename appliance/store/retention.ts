/** The deletion job: when the service starts, every hour, and when the retention changes. */

import type { Retention } from '../protocol/ports.ts';
import type { BoundedHistory } from './call-history.ts';
import type { Journal } from './journal.ts';
import type { StoreOptions } from './open-store.ts';
import { MOST_ROWS } from './prune.ts';

const EVERY_MS = 3_600_000;

export interface RetentionJob {
	set(retention: Retention): void;
	prune(): Promise<number>;
	stop(): void;
}

export function createRetention({ clock, log, ...options }: StoreOptions, journal: Journal, history: BoundedHistory): RetentionJob {
	let retention: Retention | undefined;
	/** Some rows at a time, so that the ledger gets its turn between. */
	const prune = async (): Promise<number> => {
		if (retention === undefined) return 0;
		let sum = 0;
		for (let rows = MOST_ROWS; rows >= MOST_ROWS; sum += rows)
			rows = (await journal.query({ kind: 'prune', retention, wallMs: clock.wallMs() }))[0] as number;
		if (sum > 0) log.info({ rows: sum }, 'records beyond the retention were deleted');
		return sum;
	};
	const run = (): void => void prune().catch((err: unknown) => log.warn({ err }, 'records beyond the retention could not be deleted'));
	const set = (next: Retention): void => {
		retention = next;
		history.mostCalls = next.calls;
		run();
	};
	if (options.retention !== undefined) set(options.retention);
	const timer = setInterval(run, EVERY_MS).unref();
	return { set, prune, stop: () => clearInterval(timer) };
}
