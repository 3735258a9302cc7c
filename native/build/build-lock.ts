/** Lets one process at a time build a thing: a folder whose holder is named by its pid. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 1_000;

/** Waits until the lock is free or its holder is gone. @returns the release */
export async function takeLock(folder: string, signal: AbortSignal): Promise<() => void> {
	while (!tryLock(folder)) {
		if (isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
		else await sleep(POLL_MS, undefined, { signal });
	}
	return () => rmSync(folder, { recursive: true, force: true });
}

function tryLock(folder: string): boolean {
	try {
		mkdirSync(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
		throw error;
	}
	writeFileSync(join(folder, 'pid'), String(process.pid));
	return true;
}

/** A holder that was killed leaves its folder behind; one that just took it may not have written its pid yet. */
function isAbandoned(folder: string): boolean {
	try {
		const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
		if (pid <= 0) return false;
		process.kill(pid, 0);
		return false;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'ESRCH';
	}
}
