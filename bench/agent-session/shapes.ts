/** Shapes of the inner-loop calls of coding agents: how much is new in each, and how much is answered. Text comes from elsewhere. */

import { readFileSync } from 'node:fs';

export interface CallShape {
	readonly newTokens: number;
	readonly outputTokens: number;
}

/** The usual look-up turns of an agent: a search's result, a file, a short list, and answers that are a call each. */
const EMBEDDED: readonly CallShape[] = [
	{ newTokens: 195, outputTokens: 24 },
	{ newTokens: 430, outputTokens: 32 },
	{ newTokens: 120, outputTokens: 16 },
	{ newTokens: 640, outputTokens: 24 },
	{ newTokens: 260, outputTokens: 32 },
];

interface Recorded {
	readonly calls: readonly { readonly newInputTokens: number; readonly cacheWriteTokens: number; readonly outputTokens: number }[];
}

/** Of a recorded session those calls whose news fit; answers are shortened, so that a run takes minutes and not hours. */
export function readShapes(file: string | undefined, count: number, mostNewTokens: number): readonly CallShape[] {
	const shapes =
		file === undefined
			? EMBEDDED
			: (JSON.parse(readFileSync(file, 'utf8')) as Recorded).calls
					.map((call) => ({ newTokens: call.newInputTokens + call.cacheWriteTokens, outputTokens: Math.min(32, call.outputTokens) }))
					.filter(({ newTokens, outputTokens }) => newTokens >= 32 && newTokens <= mostNewTokens && outputTokens > 0);
	return Array.from({ length: count }, (_, index) => shapes[index % shapes.length] ?? { newTokens: 200, outputTokens: 24 });
}
