/** The configuration of this moment: read at the start, replaced whole when the file changes, kept when a change is refused. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Environment } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import { watchConfig } from '../config/watch-config.ts';
import { Problem } from '../protocol/problem.ts';

export interface ConfigSource {
	/** Undefined serves the embedded default. */
	readonly file: string | undefined;
	/** The operator named it: then it has to be there. */
	readonly isNamed: boolean;
	readonly env: Environment;
}

export interface LoadedConfig {
	readonly settings: Settings;
	readonly warnings: readonly string[];
}

/** Rejects with `invalid-call` whose message has every fault of the file on a line of its own. */
export async function readSettings({ file, isNamed, env }: ConfigSource): Promise<LoadedConfig> {
	const bytes = file === undefined ? undefined : await readWhereThere(file, isNamed);
	const result = loadConfig(bytes, env);
	if (result.ok) return result;
	throw new Problem('invalid-call', [`The configuration ${file ?? ''} is refused:`, ...result.errors.map(formatConfigError)].join('\n  '));
}

async function readWhereThere(file: string, isNamed: boolean): Promise<Buffer | undefined> {
	try {
		return await readFile(file);
	} catch (cause) {
		const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
		if (isMissing && !isNamed) return undefined;
		throw new Problem('invalid-call', `The configuration ${file} cannot be read.`, { cause });
	}
}

/** Tells `take` of every valid change and the log of every change; resolves to what ends the watching. */
export async function followSettings(
	{ file, env }: ConfigSource,
	current: Settings,
	take: (settings: Settings) => void,
	log: Logger,
): Promise<{ close(): Promise<void> }> {
	// Without its folder there is nothing to watch: the usual place of a box that nobody configured.
	if (file === undefined || !existsSync(dirname(file))) return { close: () => Promise.resolve() };
	try {
		return await watchConfig({
			file,
			env,
			current,
			onChange: ({ settings, warnings, needsRestart }) => {
				take(settings);
				log.info({ file, warnings, needsRestart }, 'the changed configuration is in force');
			},
			onRefused: (errors) =>
				log.error({ file, errors: errors.map(formatConfigError) }, 'the changed configuration is refused; the old one stays'),
		});
	} catch (err) {
		log.warn({ file, err }, 'changes of the configuration will not be noticed');
		return { close: () => Promise.resolve() };
	}
}
