/** From the bytes of a configuration file and the environment to settings, or to every fault at once. */

import { buildSettings } from './build-settings.ts';
import { checkReferences } from './check-references.ts';
import type { ConfigError } from './config-error.ts';
import { describeIssues } from './describe-issues.ts';
import { findWarnings } from './find-warnings.ts';
import type { Environment } from './places.ts';
import { readJson } from './read-json.ts';
import { configSchema } from './schema.ts';
import type { Settings } from './settings.ts';

export type ConfigResult =
	| { readonly ok: true; readonly settings: Settings; readonly warnings: readonly string[] }
	| { readonly ok: false; readonly errors: readonly ConfigError[] };

const DEFAULT_FILE = new TextEncoder().encode('{"version":1}');

function byPlace(a: ConfigError, b: ConfigError): number {
	return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** @param bytes the file's content; undefined where there is no file, which gives the embedded default. */
export function loadConfig(bytes: Uint8Array | undefined, env: Environment): ConfigResult {
	const reading = readJson(bytes ?? DEFAULT_FILE);
	if (!reading.ok) return { ok: false, errors: [reading.error] };
	const { file } = reading;
	const parsed = configSchema.safeParse(file.value);
	const schemaErrors = parsed.success ? [] : describeIssues(parsed.error.issues, file);
	const errors = [...file.duplicates, ...schemaErrors, ...checkReferences(file)].sort(byPlace);
	if (!parsed.success || errors.length > 0) return { ok: false, errors };
	const settings = buildSettings(parsed.data, env);
	return { ok: true, settings, warnings: findWarnings(settings) };
}
