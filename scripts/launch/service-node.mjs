/** How Node runs the service: a small machine shares its memory with a model, so what is not needed is given back at once. */

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * A round over young garbage costs what is alive in it, which is all calls under way, so few rounds over much of it are
 * cheaper than many over little. The limit of the old space makes the collector count the bodies of calls, which lie
 * outside of it, before they pile up. A body of the largest size allowed passes with room to spare.
 * What sockets read large bodies into is collected at our word: see appliance/server/piece-garbage.ts.
 */
export const SERVICE_FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=192', '--expose-gc'];

/**
 * Freed bodies go back to the system instead of staying in the allocator's arenas; compiled code is kept between
 * starts, so that neither the type stripper nor the compiler has to be loaded again.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Record<string, string>}
 */
export function serviceEnvironment(env) {
	return { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '98304', NODE_COMPILE_CACHE: join(cacheDir(env), 'compiled') };
}

/**
 * The rule of appliance/config/places.ts, which cannot be loaded before the pinned Node runs.
 * @param {Readonly<Record<string, string | undefined>>} env
 */
function cacheDir({ INNERLOOP_CACHE, XDG_CACHE_HOME }) {
	if (INNERLOOP_CACHE) return resolve(INNERLOOP_CACHE);
	return join(XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'innerloop');
}
