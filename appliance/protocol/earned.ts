/** Earned local: a class of calls goes to the box's own model when its answers have agreed with the cloud's often enough. */

export const EARNED_MODES = ['off', 'observe', 'on'] as const;

export interface EarnedClassSettings {
	/** The lower bound of agreement that it has to pass. */
	readonly bar: number;
	/** Before there is evidence: `local` goes to the box, `watched` does not; `never` does not whatever the evidence says. */
	readonly starts: 'local' | 'watched' | 'never';
}

export interface EarnedSettings {
	/** `observe`: evidence is gathered, and nothing else changes. */
	readonly mode: (typeof EARNED_MODES)[number];
	/** Of classes that have none of their own. */
	readonly usual: EarnedClassSettings;
	/** By a class's name (`inner/subagent/after-reading`). */
	readonly classes: Readonly<Record<string, EarnedClassSettings>>;
	/** Comparisons that a class needs before they count. */
	readonly fewest: number;
	/** The newest that count. */
	readonly window: number;
	/** Of the calls of a class that is local, the share that goes to the cloud all the same, so that evidence goes on. */
	readonly auditShare: number;
	/** How long nobody may have called before the box answers in shadow. */
	readonly idleMs: number;
}

/** `incomparable`: two long texts, of which nothing here says whether they mean the same. */
export type Verdict = 'agrees' | 'differs' | 'incomparable';

/** One comparison; no text of it is kept. */
export interface ShadowRow {
	readonly className: string;
	/** The box's own model then: another one has to earn anew. */
	readonly model: string;
	readonly verdict: Verdict;
	readonly atMs: number;
}

export interface EarnedStore {
	/** Written behind. */
	add(row: ShadowRow): void;
	/** The newest, oldest first. */
	recent(limit: number): Promise<readonly ShadowRow[]>;
}

/** How one class stands. */
export interface Standing {
	readonly className: string;
	/** Comparisons in the window, without incomparable ones. */
	readonly compared: number;
	readonly agreed: number;
	readonly incomparable: number;
	/** Wilson's lower bound of the share that agrees (one-sided 95 %), 0 to 1. */
	readonly low: number;
	readonly bar: number;
	readonly isLocal: boolean;
	readonly why: 'earned' | 'below-bar' | 'too-few' | 'starts-local' | 'never';
}

/** GET /innerloop/v1/earned */
export interface EarnedReport {
	readonly mode: EarnedSettings['mode'];
	readonly model: string | undefined;
	readonly fewest: number;
	readonly standings: readonly Standing[];
	/** Shadow answers since the start, and those that were given up because somebody called. */
	readonly shadows: number;
	readonly givenUp: number;
}

/** What the router asks: why a call of this class may not go to the box; undefined where it may. `random` is uniform in [0, 1). */
export interface EarnedPolicy {
	refusalOf(className: string, random: number): { readonly code: 'not-earned' | 'earned-audit'; readonly text: string } | undefined;
}
