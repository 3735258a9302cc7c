/** Runs sessions of the real Codex with the lines of the banner. */

import type { LinesInput } from '../../appliance/protocol/client-lines.ts';
import type { ClientProgram } from './client-installs.ts';
import { pastedEnv, pastedLines } from './pasted.ts';
import { type ClientExit, jsonLines, runClient, type WorkPlace } from './run-client.ts';

export interface CodexOptions {
	readonly program: ClientProgram;
	readonly place: WorkPlace;
	readonly prompt: string;
	/** Goes on with the place's last session. */
	readonly isResumed?: boolean;
}

export interface CodexResult extends ClientExit {
	/** Its last words. */
	readonly text: string | undefined;
	/** What it did, one entry an item that it completed: `command_execution`, `file_change`, `error`, … */
	readonly items: readonly string[];
}

/** @param settings lines of `config.toml` that stand in front of the pasted ones */
export function configureCodex(place: WorkPlace, input: LinesInput, settings: readonly string[] = []): Record<string, string> {
	place.write('.codex/config.toml', `${settings.join('\n')}\n${pastedLines('Codex', 'in ~/.codex/config.toml', input)}`);
	return pastedEnv('Codex', input);
}

/** One `codex exec`. */
export async function runCodex(options: CodexOptions, env: Readonly<Record<string, string>>): Promise<CodexResult> {
	const { program, place, prompt, isResumed = false } = options;
	const flags = ['--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
	const exit = await runClient({ program, place, args: ['exec', ...(isResumed ? ['resume', '--last'] : []), ...flags, prompt], env });
	const done = jsonLines(exit.stdout).flatMap(({ type, item }) =>
		type === 'item.completed' ? [item as { readonly type: string; readonly text?: string }] : [],
	);
	return { ...exit, text: done.findLast(({ type }) => type === 'agent_message')?.text, items: done.map(({ type }) => type) };
}
