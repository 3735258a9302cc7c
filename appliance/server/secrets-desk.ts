/** Providers' keys: which are needed, where each comes from, and setting one. A value goes in and never comes out. */

import type { Environment } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import type { SecretReport } from '../protocol/access.ts';
import { Problem } from '../protocol/problem.ts';
import type { KeptSecrets } from '../store/kept-secrets.ts';

/** The environment as the configuration reads it: what the process was given wins over what is kept. */
export const withKept = (kept: KeptSecrets, env: Environment): Environment =>
	new Proxy(env, { get: (given, name) => (typeof name === 'string' ? given[name] || kept.values()[name] : undefined) });

export interface SecretsParts {
	readonly kept: KeptSecrets;
	/** Of the process: what it says wins. */
	readonly env: Environment;
	readonly settings: () => Settings;
	/** Puts the settings in force anew. */
	readonly reload: () => Promise<void>;
	/** A provider has another key than before. */
	readonly onChange?: (providers: readonly string[], name: string) => void;
}

export class SecretsDesk {
	readonly #parts: SecretsParts;

	constructor(parts: SecretsParts) {
		this.#parts = parts;
	}

	list(): SecretReport[] {
		const { env, kept } = this.#parts;
		const names = kept.names();
		return [...this.#needed()].map(([name, providers]) => ({
			name,
			providers,
			source: env[name]?.trim() ? ('environment' as const) : names.includes(name) ? ('kept' as const) : undefined,
		}));
	}

	/** Only what a provider asks for: other variables steer the process, proxies for instance. */
	async set(name: string, value: string): Promise<void> {
		const providers = this.#needed().get(name);
		if (providers === undefined)
			throw new Problem('not-found', `No provider of the configuration takes its key from ${name.slice(0, 100)}.`);
		await this.#parts.kept.set(name, value);
		await this.#parts.reload();
		this.#parts.onChange?.(providers, name);
	}

	async remove(name: string): Promise<void> {
		if (!(await this.#parts.kept.remove(name))) throw new Problem('not-found', `No key is kept for ${name.slice(0, 100)}.`);
		await this.#parts.reload();
	}

	#needed(): Map<string, string[]> {
		const needed = new Map<string, string[]>();
		for (const { id, auth, keyEnv, keys, missingKeys } of Object.values(this.#parts.settings().providers)) {
			if (auth === 'none') continue;
			for (const name of new Set([keyEnv, ...keys.map((key) => key.id), ...missingKeys]))
				if (name !== undefined) needed.set(name, [...(needed.get(name) ?? []), id]);
		}
		return needed;
	}
}
