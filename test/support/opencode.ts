/** Runs sessions of the real opencode with the lines of the banner, or with another of its providers at the same address. */

import type { LinesInput } from '../../appliance/protocol/client-lines.ts';
import type { ClientProgram } from './client-installs.ts';
import { pastedEnv, pastedLines } from './pasted.ts';
import { type ClientExit, jsonLines, runClient, type WorkPlace } from './run-client.ts';

interface OpencodeConfig {
	readonly provider: { readonly innerloop: { npm: string; models: Record<string, object> } };
}

export interface OpencodeSettings {
	/** The AI SDK package that it speaks through; default: as pasted. */
	readonly npm?: '@ai-sdk/anthropic' | '@ai-sdk/openai';
	/** Window and output cap that it is to believe its main model has. */
	readonly limit?: { readonly context: number; readonly output: number };
}

export function configureOpencode(place: WorkPlace, input: LinesInput, { npm, limit }: OpencodeSettings = {}): Record<string, string> {
	const config = JSON.parse(pastedLines('opencode', 'in opencode.json', input)) as OpencodeConfig;
	const { innerloop } = config.provider;
	if (npm !== undefined) innerloop.npm = npm;
	if (limit !== undefined) innerloop.models = { ...innerloop.models, innerloop: { limit } };
	place.write('project/opencode.json', JSON.stringify(config));
	return pastedEnv('opencode', input);
}

export interface OpencodeResult extends ClientExit {
	/** Its last words. */
	readonly text: string | undefined;
	/** Tools that it executed, each with how that ended. */
	readonly tools: readonly string[];
}

/** One `opencode run`; it must not look for updates, models or language servers on the way. */
export async function runOpencode(
	options: { readonly program: ClientProgram; readonly place: WorkPlace; readonly prompt: string; readonly isResumed?: boolean },
	env: Readonly<Record<string, string>>,
): Promise<OpencodeResult> {
	const { program, place, prompt, isResumed = false } = options;
	const exit = await runClient({
		program,
		place,
		args: ['run', '--format', 'json', ...(isResumed ? ['--continue'] : []), prompt],
		env: {
			...env,
			OPENCODE_DISABLE_AUTOUPDATE: '1',
			OPENCODE_DISABLE_MODELS_FETCH: '1',
			OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
		},
	});
	const parts = jsonLines(exit.stdout).map(({ part }) => part as OpencodePart | undefined);
	return {
		...exit,
		text: parts.findLast((part) => part?.type === 'text')?.text,
		tools: parts.flatMap((part) => (part?.type === 'tool' ? [`${part.tool} ${part.state?.status}`] : [])),
	};
}

interface OpencodePart {
	readonly type: string;
	readonly text?: string;
	readonly tool?: string;
	readonly state?: { readonly status: string };
}
