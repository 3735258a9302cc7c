/** Changes one value of the configuration file and leaves the rest as it stands. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Environment } from '../config/places.ts';
import { Problem } from '../protocol/problem.ts';

type JsonObject = Record<string, unknown>;

/**
 * Sets `local.model`; makes the file where there is none. What is written has been validated as a whole.
 * @throws Problem when the file is faulty, before or after the change
 */
export async function setLocalModel(file: string, model: string, env: Environment): Promise<void> {
	const text = await readWhereThere(file);
	check(file, text, env);
	const config = (text === undefined ? { version: 1 } : JSON.parse(text)) as JsonObject;
	const local = { ...(config.local as JsonObject | undefined), model };
	const changed = `${JSON.stringify({ ...config, local }, null, indentOf(text))}\n`;
	check(file, changed, env);
	await mkdir(dirname(file), { recursive: true });
	const fresh = `${file}.${process.pid}`;
	await writeFile(fresh, changed, { mode: 0o600 });
	await rename(fresh, file);
}

async function readWhereThere(file: string): Promise<string | undefined> {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
		throw error;
	}
}

function check(file: string, text: string | undefined, env: Environment): void {
	const result = loadConfig(text === undefined ? undefined : Buffer.from(text), env);
	if (result.ok) return;
	throw new Problem(
		'invalid-call',
		[`The configuration ${file} is refused, and was not changed:`, ...result.errors.map(formatConfigError)].join('\n  '),
	);
}

/** As the file has it: a tab, or so many spaces. */
function indentOf(text: string | undefined): string {
	return /^([\t ]+)"/m.exec(text ?? '')?.[1] ?? '  ';
}
