/** The configuration as the page edits it: read, checked, tried on the last calls, and written whole or not at all. */

import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import { localDeployment } from '../config/local-deployment.ts';
import type { Environment } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import { findRestartNeeds } from '../config/watch-config.ts';
import type { ConfigCheck, ConfigReport } from '../protocol/admin.ts';
import { Problem } from '../protocol/problem.ts';
import type { Box } from './box.ts';
import type { Rules } from './recent-plans.ts';

const DEFAULT_TEXT = '{\n  "version": 1\n}\n';

export interface ConfigDeskOptions {
	/** Undefined where the box has no place for a configuration. */
	readonly file: string | undefined;
	readonly env: Environment;
	readonly box: Box;
	/** Puts what was written in force, also where nobody watches the file. */
	readonly take: (settings: Settings) => void;
}

export class ConfigDesk {
	readonly #options: ConfigDeskOptions;

	constructor(options: ConfigDeskOptions) {
		this.#options = options;
	}

	async read(): Promise<ConfigReport> {
		const text = await this.#textOf();
		return { file: this.#options.file, isDefault: text === undefined, text: text ?? DEFAULT_TEXT, tag: tagOf(text) };
	}

	/** Says every fault, or what would be different. */
	check(text: string): ConfigCheck {
		const result = this.#load(text);
		if (!result.ok) return { errors: result.errors.map(formatConfigError), warnings: [], needsRestart: [], preview: undefined };
		const { box } = this.#options;
		const { settings, warnings } = result;
		const preview = box.recentPlans.compare(rulesOf(box, box.settings()), rulesOf(box, settings));
		return { errors: [], warnings, needsRestart: findRestartNeeds(box.settings(), settings), preview };
	}

	/** @param tag of the text that was edited: what somebody else has written since is not overwritten */
	async write(text: string, tag: string): Promise<ConfigReport> {
		const { file, take } = this.#options;
		if (file === undefined) throw new Problem('invalid-call', 'The box has no place for a configuration. Start it with --config FILE.');
		const now = await this.#textOf();
		if (tagOf(now) !== tag)
			throw new Problem('invalid-call', 'The configuration has changed since it was read. Load it anew; nothing was written.');
		const result = this.#load(text);
		if (!result.ok)
			throw new Problem(
				'invalid-call',
				['The configuration is refused, and was not changed:', ...result.errors.map(formatConfigError)].join('\n'),
			);
		await replace(file, text, now !== undefined);
		take(result.settings);
		return await this.read();
	}

	#load(text: string) {
		return loadConfig(Buffer.from(text), this.#options.env);
	}

	async #textOf(): Promise<string | undefined> {
		const { file } = this.#options;
		if (file === undefined) return undefined;
		try {
			return await readFile(file, 'utf8');
		} catch (error) {
			if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
			throw new Problem('internal', `The configuration ${file} cannot be read.`, { cause: error });
		}
	}
}

/** The last one stays beside it, and no reader sees half of the new one. */
async function replace(file: string, text: string, hasBefore: boolean): Promise<void> {
	const fresh = `${file}.${process.pid}`;
	await mkdir(dirname(file), { recursive: true });
	if (hasBefore) await copyFile(file, `${file}.before`);
	await writeFile(fresh, text, { mode: 0o600 });
	await chmod(fresh, 0o600);
	await rename(fresh, file);
}

const tagOf = (text: string | undefined): string =>
	text === undefined ? 'none' : createHash('sha256').update(text).digest('hex').slice(0, 16);

function rulesOf({ engine }: Box, { routing, deployments, local, notConfigured }: Settings): Rules {
	const own = localDeployment(local, engine.status());
	return { routing, notConfigured, deployments: own === undefined ? deployments : [...deployments, own] };
}
