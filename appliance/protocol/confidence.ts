/** What is doubted in an answer while it is written, and what became of the doubt: the same object in the decision and in `explain`. */

import type { Role } from './words.ts';

/** Why a step was not released as it stood. */
export const DOUBTS = [
	'unknown-tool',
	'not-its-schema',
	'path-not-in-transcript',
	'quote-not-in-transcript',
	'symbol-not-in-transcript',
	'call-repeated',
	'claim-against-result',
	'other-script',
	'broken-characters',
	'repeats-itself',
	'too-long',
	'empty-answer',
	'not-json',
	'low-confidence',
	'unsure-tool-call',
	'answers-disagree',
	'broke-off',
] as const;
export type Doubt = (typeof DOUBTS)[number];

/** No text of prompt or answer: figures and codes alone. */
export interface ConfidenceNote {
	/** Sentences, lines and tool calls that were judged. */
	readonly steps: number;
	/** Lowest posterior of "confident" among them; absent where none was looked at. */
	readonly lowest?: number;
	/** Lowest probability of a token in a tool call. */
	readonly leastInCall?: number;
	/** Of a short answer that was asked for several times. */
	readonly samples?: SampleNote;
	/** Of the step at which it ended; empty where nothing was doubted. */
	readonly doubts: readonly Doubt[];
	readonly went: 'released' | 'escalated-afresh' | 'escalated-after-text';
	/** Tokens of the box's own model that reached the caller. */
	readonly releasedTokens: number;
	/** Who went on. Absent where that is the next candidate's own try. */
	readonly to?: string;
	/** How it was asked to go on after released text. */
	readonly by?: 'prefill' | 'instruction';
}

export interface SampleNote {
	readonly answers: number;
	readonly clusters: number;
	/** Semantic entropy over log of their number: 0 all agree, 1 none do. */
	readonly entropy: number;
	readonly tookMs: number;
}

/** Below which a step of a role's calls is not released. */
export interface DoubtBar {
	/** Posterior of "confident", 0 to 1. */
	readonly step: number;
	/** Lowest token probability in a tool call, 0 to 1. */
	readonly toolCall: number;
}

export interface SampleSettings {
	/** The answer itself included. */
	readonly answers: number;
	readonly budgetMs: number;
	readonly temperature: number;
	/** Longer answers are not asked for again. */
	readonly mostTokens: number;
	/** Normalised entropy above which answers disagree. */
	readonly mostEntropy: number;
}

export interface ConfidenceSettings {
	readonly isOn: boolean;
	readonly isVerified: boolean;
	/** Whether the probabilities of tokens are looked at. */
	readonly isWatched: boolean;
	/** Undefined: no answer is asked for twice. */
	readonly samples: SampleSettings | undefined;
	readonly bars: Readonly<Record<Role, DoubtBar>>;
}
