/** A lock file that names its holder, so that a dead holder's lock is taken over and a live one is waited for. */

import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/** A take-over lasts microseconds: an older one was interrupted. */
const TAKEOVER_MS = 10_000;

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} startedAt the process's start time in clock ticks since boot, or empty where the system has no /proc
 */

/**
 * Runs `work` while holding the lock; waits for another holder to finish first.
 * @template T
 * @param {string} path
 * @param {(holder: Holder) => void} onWait called once when another live process holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, onWait, work) {
	mkdirSync(dirname(path), { recursive: true });
	let hasWaited = false;
	for (let holder = tryLock(path); holder !== undefined; holder = tryLock(path)) {
		if (!hasWaited) onWait(holder);
		hasWaited = true;
		await sleep(POLL_MS);
	}
	try {
		return await work();
	} finally {
		rmSync(path, { force: true });
	}
}

/**
 * @param {string} path
 * @returns {Holder | undefined} the live holder; undefined when the lock is now ours
 */
function tryLock(path) {
	const own = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) });
	try {
		writeFileSync(path, own, { flag: 'wx' });
		return undefined;
	} catch (error) {
		if (!hasCode(error, 'EEXIST')) throw error;
	}
	const holder = readHolder(path);
	if (holder === undefined || isAlive(holder)) return holder ?? { pid: 0, startedAt: '' };
	return takeOver(path, own) ? undefined : holder;
}

/**
 * Replaces a dead holder's lock. A directory is made first, which only one process can do,
 * so that two that saw the same dead holder do not both win.
 * @param {string} path
 * @param {string} own
 */
function takeOver(path, own) {
	const guard = `${path}.takeover`;
	try {
		mkdirSync(guard);
	} catch (error) {
		if (!hasCode(error, 'EEXIST')) throw error;
		const ageMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
		if (ageMs > TAKEOVER_MS) rmSync(guard, { recursive: true, force: true });
		return false;
	}
	try {
		const holder = readHolder(path);
		if (holder === undefined || isAlive(holder)) return false;
		writeFileSync(`${guard}/own`, own);
		renameSync(`${guard}/own`, path);
		return true;
	} finally {
		rmdirSync(guard);
	}
}

/**
 * @param {string} path
 * @returns {Holder | undefined} undefined when the file is gone or only half written
 */
function readHolder(path) {
	try {
		const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8'));
		return { pid, startedAt };
	} catch {
		const stats = statSync(path, { throwIfNoEntry: false });
		// A holder that died between creating and writing its file will never finish it.
		if (stats !== undefined && Date.now() - stats.mtimeMs > TAKEOVER_MS) return { pid: 0, startedAt: 'never' };
		return undefined;
	}
}

/** @param {Holder} holder */
function isAlive(holder) {
	if (holder.pid <= 0) return false;
	try {
		process.kill(holder.pid, 0);
	} catch (error) {
		if (!hasCode(error, 'EPERM')) return false;
	}
	// The number may have gone to a new process since.
	return startOf(holder.pid) === holder.startedAt;
}

/** @param {number} pid */
function startOf(pid) {
	try {
		// The second field, the program's name, may hold spaces and parentheses: count from behind it.
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
	} catch {
		return '';
	}
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function hasCode(error, code) {
	return error instanceof Error && 'code' in error && error.code === code;
}
