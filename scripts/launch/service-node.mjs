/** How Node runs the service: a small machine shares its memory with a model, so what is not needed is given back at once. */

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The young generation is kept small, and the limit of the old space makes the collector count the bodies of calls,
 * which lie outside of it, before they pile up. A body of the largest size allowed passes with room to spare.
 * What sockets read large bodies into is collected at our word: see appliance/server/piece-garbage.ts.
 */
export const SERVICE_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=192', '--expose-gc'];

/**
 * What the compilers and freed bodies leave goes back to the system: pieces of 16 KiB and more have pages of their own,
 * since the arenas would keep the compilers' 40 MB for ever. Compiled code is kept between starts, so that neither the
 * type stripper nor the compiler has to be loaded again.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Record<string, string>}
 */
export function serviceEnvironment(env) {
	return {
		MALLOC_ARENA_MAX: '2',
		MALLOC_MMAP_THRESHOLD_: '16384',
		MALLOC_TRIM_THRESHOLD_: '65536',
		NODE_COMPILE_CACHE: join(cacheDir(env), 'compiled'),
	};
}

/**
 * The rule of appliance/config/places.ts, which cannot be loaded before the pinned Node runs.
 * @param {Readonly<Record<string, string | undefined>>} env
 */
function cacheDir({ INNERLOOP_CACHE, XDG_CACHE_HOME }) {
	if (INNERLOOP_CACHE) return resolve(INNERLOOP_CACHE);
	return join(XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'innerloop');
}
