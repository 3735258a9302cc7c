/** How sure the local model was of its answer, in the words of `innerloop explain`. */

import type { ConfidenceNote } from '../protocol/confidence.ts';

export function describeConfidence(note: ConfidenceNote | undefined | null): string[] {
	if (note === undefined || note === null) return [];
	const { steps, lowest, leastInCall, samples, doubts } = note;
	const figures = [
		`${steps} steps judged`,
		...(lowest === undefined ? [] : [`least sure step ${percent(lowest)}`]),
		...(leastInCall === undefined ? [] : [`least likely token of a tool call ${percent(leastInCall)}`]),
	];
	return [
		'Confidence of the local model',
		`  ${figures.join(', ')}`,
		...(samples === undefined
			? []
			: [
					`  asked ${samples.answers} times: ${samples.clusters} different answers, entropy ${samples.entropy.toFixed(2)}, ${samples.tookMs} ms`,
				]),
		...(doubts.length === 0 ? [] : [`  doubted: ${doubts.join(', ')}`]),
		`  ${whatBecame(note)}`,
	];
}

function whatBecame({ went, to, by, releasedTokens }: ConfidenceNote): string {
	if (went === 'released') return `released, ${releasedTokens} tokens`;
	if (went === 'escalated-afresh') return 'nothing of it was released; the next candidate began afresh';
	if (to === undefined) return `stopped after ${releasedTokens} tokens, and nobody could go on`;
	return `stopped after ${releasedTokens} tokens; ${to} went on, asked by ${by ?? 'instruction'}`;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
