/** The doctor's look at the machine and the configuration. */

import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import { cacheDir } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import { type Finding, fail, ok, type Places, warn } from './doctor-finding.ts';

const OLDEST_NODE = 24;
const LOW_DISK_BYTES = 2e9;
const LOW_MEMORY_BYTES = 1e9;
/** This program did not exist before: a clock that says so is wrong. */
const EPOCH_OF_PROJECT = Date.parse('2026-11-01T00:00:00Z');

export function checkNode(version: string = process.versions.node): Finding {
	const major = Number(version.split('.')[0]);
	const detail = `${version} on ${process.platform} ${process.arch}`;
	return major >= OLDEST_NODE ? ok('node', detail) : fail('node', `${detail}; ${OLDEST_NODE} or newer is needed: start through launch.mjs`);
}

/** Every error of the file at once. */
export function checkConfig({ configFile, isConfigNamed, context }: Places): { finding: Finding; settings: Settings | undefined } {
	const isThere = existsSync(configFile);
	if (!isThere && isConfigNamed) return { finding: fail('configuration', `There is no file ${configFile}.`), settings: undefined };
	const result = loadConfig(isThere ? readFileSync(configFile) : undefined, context.env);
	if (!result.ok) {
		return { finding: fail('configuration', [configFile, ...result.errors.map(formatConfigError)].join('\n')), settings: undefined };
	}
	const where = isThere ? configFile : `the embedded default (${configFile} is not there)`;
	// What a provider lacks is said with the provider.
	const warnings = result.warnings.filter((warning) => !warning.startsWith('provider '));
	const finding = warnings.length === 0 ? ok('configuration', where) : warn('configuration', [where, ...warnings].join('\n'));
	return { finding, settings: result.settings };
}

/** Present or not: never what they are. */
export function checkKeys(settings: Settings | undefined): Finding[] {
	return Object.values(settings?.providers ?? {}).map(({ id, keyEnv, missing }) => {
		const what = `provider ${id}`;
		if (missing !== undefined) return warn(what, `not usable: ${missing}`);
		return ok(what, keyEnv === undefined ? 'needs no key' : `${keyEnv} is set`);
	});
}

export async function checkDisk({ dataDir, context: { env, home } }: Places): Promise<Finding[]> {
	const folders = [...new Set([existing(dataDir), existing(cacheDir(env, home))])];
	return await Promise.all(
		folders.map(async (folder) => {
			const { bavail, bsize } = await statfs(folder);
			const detail = `${gigabytes(bavail * bsize)} free in ${folder}`;
			return bavail * bsize < LOW_DISK_BYTES ? warn('disk', `${detail}; a model needs up to 3.5 GB`) : ok('disk', detail);
		}),
	);
}

export function checkMemory(freeBytes: number = availableMemory(), totalBytes: number = totalmem()): Finding {
	const detail = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} available`;
	return freeBytes < LOW_MEMORY_BYTES ? warn('memory', `${detail}; the local model may be killed for memory`) : ok('memory', detail);
}

export function checkClock(nowMs: number = Date.now()): Finding {
	const now = new Date(nowMs).toISOString();
	if (nowMs < EPOCH_OF_PROJECT) return fail('clock', `${now} cannot be: set the time, or budgets count the wrong day`);
	return ok('clock', now);
}

/** The folder itself or the nearest one above it that is there. */
function existing(folder: string): string {
	return existsSync(folder) ? folder : existing(dirname(folder));
}

/** What programs can have, caches that give way included, where the system says so. */
function availableMemory(): number {
	try {
		const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
		return kilobytes === undefined ? freemem() : Number(kilobytes) * 1_024;
	} catch {
		return freemem();
	}
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(1)} GB`;
}
