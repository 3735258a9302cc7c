/** Watches the configuration file: a valid change is taken over live, an invalid one is refused and the old one kept. */

import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ConfigError } from './config-error.ts';
import { loadConfig } from './load-config.ts';
import type { Environment } from './places.ts';
import type { Settings } from './settings.ts';

export interface ConfigChange {
	readonly settings: Settings;
	readonly warnings: readonly string[];
	/** Paths whose change only a restart takes over: `server.port`, … */
	readonly needsRestart: readonly string[];
}

export interface WatchConfigOptions {
	readonly file: string;
	readonly env: Environment;
	/** What runs now. */
	readonly current: Settings;
	readonly onChange: (change: ConfigChange) => void;
	/** The old configuration stays. */
	readonly onRefused: (errors: readonly ConfigError[]) => void;
	/** Editors write in several steps; a change is read once nothing has moved for this long. */
	readonly settleMs?: number;
}

/** Bound once at the start: the socket, and what the engine has loaded. */
export function findRestartNeeds(before: Settings, after: Settings): readonly string[] {
	const fixed: readonly (readonly [string, (settings: Settings) => unknown])[] = [
		['server.host', (settings) => settings.server.host],
		['server.port', (settings) => settings.server.port],
		['server.tls', (settings) => settings.server.tls],
		['server.limits', (settings) => settings.server.limits],
		['local', ({ local: { allowedTools, ...engine } }) => engine],
	];
	return fixed.filter(([, read]) => JSON.stringify(read(before)) !== JSON.stringify(read(after))).map(([path]) => path);
}

function missingFile(error: unknown): ConfigError {
	const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
	return { path: '', line: undefined, column: undefined, found: `no readable file (${code})`, expected: 'a JSON file', nearest: undefined };
}

/** Longest that events of other files in the folder can put a look at the file off. */
const MOST_SETTLE_MS = 500;

class ConfigWatch {
	readonly #options: WatchConfigOptions;
	readonly #watcher: FSWatcher;
	#current: Settings;
	#lastText: string | undefined;
	#timer: NodeJS.Timeout | undefined;
	#firstEventMs: number | undefined;
	#reading: Promise<void> = Promise.resolve();
	#isClosed = false;

	constructor(options: WatchConfigOptions, text: string | undefined) {
		this.#options = options;
		this.#current = options.current;
		this.#lastText = text;
		// The directory, not the file: editors and deployment tools put a new file in the old one's place. Any event
		// counts, whatever its name: the file may be a link whose target's directory was exchanged.
		this.#watcher = watch(dirname(options.file), { persistent: false }, () => this.#schedule());
		// A directory that goes away ends the watching; what runs keeps running.
		this.#watcher.on('error', (error) => options.onRefused([missingFile(error)]));
	}

	/** Waits until the folder is quiet, but not for ever: a database beside the file may never let it be. */
	#schedule(): void {
		const nowMs = performance.now();
		this.#firstEventMs ??= nowMs;
		if (nowMs - this.#firstEventMs > MOST_SETTLE_MS) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			this.#firstEventMs = undefined;
			this.#reading = this.#reading.then(() => this.#read());
		}, this.#options.settleMs ?? 100);
		this.#timer.unref();
	}

	async #read(): Promise<void> {
		let bytes: Buffer;
		try {
			bytes = await readFile(this.#options.file);
		} catch (error) {
			if (!this.#isClosed && this.#lastText !== undefined) this.#options.onRefused([missingFile(error)]);
			this.#lastText = undefined;
			return;
		}
		const text = bytes.toString('latin1');
		if (this.#isClosed || text === this.#lastText) return;
		this.#lastText = text;
		this.#take(bytes);
	}

	#take(bytes: Uint8Array): void {
		const result = loadConfig(bytes, this.#options.env);
		if (!result.ok) {
			this.#options.onRefused(result.errors);
			return;
		}
		const needsRestart = findRestartNeeds(this.#current, result.settings);
		this.#current = result.settings;
		this.#options.onChange({ settings: result.settings, warnings: result.warnings, needsRestart });
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#watcher.close();
		await this.#reading;
	}
}

/** Rejects when the file's directory cannot be watched. The file itself need not be there yet. */
export async function watchConfig(options: WatchConfigOptions): Promise<{ close(): Promise<void> }> {
	const text = await readFile(options.file, 'latin1').catch(() => undefined);
	return new ConfigWatch(options, text);
}
