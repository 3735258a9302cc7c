/** The context diet: tool results that are trimmed when they first appear, and what is kept and told of it. */

export const DIET_MODES = ['off', 'observe', 'on'] as const;
/** `observe`: what would be trimmed is counted, and nothing is. */
export type DietMode = (typeof DIET_MODES)[number];

export interface DietSettings {
	readonly mode: DietMode;
	/** By member's name; others have `mode`. */
	readonly members: Readonly<Record<string, DietMode>>;
	/** Shorter texts stay as they are. */
	readonly leastBytes: number;
	/** A log of more lines is cut to its ends and its errors. */
	readonly longLogLines: number;
	/** Tools whose results are never touched. */
	readonly exactTools: readonly string[];
	/** The box's own model sums long logs up while nobody calls. */
	readonly hasSummaries: boolean;
}

export type TrimRule = 'progress' | 'repeated-lines' | 'long-log' | 'summary' | 'same-again';

/** What was decided about one tool result when it first appeared; it holds for every later turn. */
export interface TrimRow {
	/** Digest of member, the tool call's id and the text's bytes. */
	readonly key: string;
	readonly memberId: string;
	/** `on` or `observe`, as it was then. */
	readonly mode: Exclude<DietMode, 'off'>;
	/** Stands in the place of the original; null: the original stays. */
	readonly text: string | null;
	/** Digest of the earlier text that is the same; the trim holds while that one stands above it. */
	readonly sameAs: string | null;
	/** Unguessable: whoever reads the trimmed text can read the original by it. Null where nothing was trimmed. */
	readonly id: string | null;
	readonly original: string | null;
	readonly rules: readonly TrimRule[];
	readonly savedTokens: number;
	/** Over the turns that were expected to follow. */
	readonly gainNanoUsd: number;
	readonly atMs: number;
}

/** Of one call, in its decision. */
export interface DietNote {
	readonly mode: Exclude<DietMode, 'off'>;
	/** Results trimmed for the first time in this call (in `observe`: that would have been). */
	readonly trimmed: number;
	readonly rules: readonly TrimRule[];
	/** Of those, over the turns that are expected to follow. */
	readonly gainNanoUsd: number;
	/** Tokens that this call's prompt is shorter by, earlier trims included; an estimate from bytes. */
	readonly leftOutTokens: number;
	/** What those would have cost in this call at the asked model's price, as new input or as a cache read. */
	readonly savedNanoUsd: number;
}

/** Since the box keeps them, for one mode. */
export interface DietSums {
	readonly mode: Exclude<DietMode, 'off'>;
	/** Results looked at that were long enough. */
	readonly results: number;
	readonly trimmed: number;
	readonly savedTokens: number;
	readonly gainNanoUsd: number;
	/** Trims of which a later turn read the original, or made the same tool call again. */
	readonly falseTrims: number;
}

export type FalseTrim = 'original-read' | 'call-repeated';

export interface DietStore {
	/** Rows of those keys that are known. */
	find(keys: readonly string[]): Promise<ReadonlyMap<string, TrimRow>>;
	/** Written behind; found by `find` at once. */
	add(row: TrimRow): void;
	noteFalse(key: string, why: FalseTrim): void;
	/** By the id that stands in a trimmed text. */
	original(id: string): Promise<{ readonly key: string; readonly text: string } | undefined>;
	/** Since then, of all members or of one. */
	sums(sinceMs: number, memberId: string | undefined): Promise<readonly DietSums[]>;
	/** Forgets what is held in memory of a member. */
	forget(memberId: string): void;
}
