/** Where the box keeps its things: state that must survive, a cache that may be lost, and the configuration file. */

import { isAbsolute, join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The base directory specification has relative values of its variables ignored; our own variables
 * are words of the operator and are taken relative to the working directory.
 */
function place(own: string | undefined, xdg: string | undefined, fallback: string): string {
	if (own) return resolve(own);
	return join(xdg && isAbsolute(xdg) ? xdg : fallback, 'innerloop');
}

/** Ledger, history, keys. `$INNERLOOP_DATA`, else `$XDG_STATE_HOME/innerloop`, else `~/.local/state/innerloop`. */
export function dataDir(env: Environment, home: string): string {
	return place(env.INNERLOOP_DATA, env.XDG_STATE_HOME, join(home, '.local', 'state'));
}

/** Models, native builds, programs for tests; outside the clone. `$INNERLOOP_CACHE`, else `$XDG_CACHE_HOME/innerloop`, else `~/.cache/innerloop`. */
export function cacheDir(env: Environment, home: string): string {
	return place(env.INNERLOOP_CACHE, env.XDG_CACHE_HOME, join(home, '.cache'));
}

/** The engine, the codec's addon and their tools, as they were built here. */
export function nativeDir(env: Environment, home: string): string {
	return join(cacheDir(env, home), 'native');
}

/** GGUF files. */
export function modelsDir(env: Environment, home: string): string {
	return join(cacheDir(env, home), 'models');
}

/** Used when it is there. `$INNERLOOP_CONFIG`, else `$XDG_CONFIG_HOME/innerloop/config.json`, else `~/.config/innerloop/config.json`. */
export function configFile(env: Environment, home: string): string {
	if (env.INNERLOOP_CONFIG) return resolve(env.INNERLOOP_CONFIG);
	return join(place(undefined, env.XDG_CONFIG_HOME, join(home, '.config')), 'config.json');
}
