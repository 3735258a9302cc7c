/** What all parts of the benchmark share. */

import type { Text } from './sessions.ts';
import type { CallShape } from './shapes.ts';

export interface Setting {
	readonly modelPath: string;
	readonly threads: number;
	/** Calls decoded at once, by every program that is measured. */
	readonly slots: number;
	readonly text: Text;
	readonly shapes: readonly CallShape[];
	/** Tokens of the team's prompt. */
	readonly knownTokens: number;
	/** llama.cpp's server; undefined where there is none. */
	readonly llamaServer: string | undefined;
	/** A folder of its own for each part. */
	newFolder(): string;
}

export const BLOCK_TOKENS = 64;

/** The marks of the chat format around the last words. */
export const MARK_TOKENS = 16;

export function teamPromptOf({ text, knownTokens }: Setting): string {
	return `You answer for a team of developers.\n\n${text.piece(knownTokens, 1)}`;
}
