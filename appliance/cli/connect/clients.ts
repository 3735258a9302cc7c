/** The clients whose files we write, and where each has them. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { claudeCode, codex, type Edit, opencode, shell } from './edits.ts';

export interface Client {
	readonly name: string;
	readonly edit: Edit;
	readonly path: string;
	/** Whether the program was ever used by this user. */
	readonly isHere: boolean;
}

export const EDITS: Readonly<Record<string, Edit>> = { 'claude-code': claudeCode, codex, opencode, env: shell };

type Environment = Readonly<Record<string, string | undefined>>;

export function clientsOf(env: Environment, home: string): readonly Client[] {
	const config = env.XDG_CONFIG_HOME || join(home, '.config');
	const client = (name: keyof typeof EDITS & string, path: string): Client[] => {
		const edit = EDITS[name];
		return edit === undefined ? [] : [{ name, edit, path, isHere: existsSync(dirname(path)) }];
	};
	return [
		...client('claude-code', join(env.CLAUDE_CONFIG_DIR || join(home, '.claude'), 'settings.json')),
		...client('codex', join(env.CODEX_HOME || join(home, '.codex'), 'config.toml')),
		...client('opencode', join(config, 'opencode', 'opencode.json')),
	];
}

/** Where the list of changes and the copies are kept. */
export const keptFolder = (env: Environment, home: string): string =>
	join(env.XDG_CONFIG_HOME || join(home, '.config'), 'innerloop', 'connect');

export const shellClient = (path: string): Client => ({ name: 'env', edit: shell, path, isHere: true });
