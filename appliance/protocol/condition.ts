/** What is wrong with the box at a moment, in words for the person who can change it. */

export type ConditionCode =
	| 'disk-full'
	| 'disk-low'
	| 'database-locked'
	| 'ledger-failing'
	| 'calls-dropped'
	| 'clock-wrong'
	| 'provider-down'
	| 'no-provider'
	| 'under-voltage'
	| 'throttled'
	| 'hot'
	| 'memory-short'
	| 'engine-failed'
	| 'local-slow'
	| 'local-aside';

export interface Condition {
	readonly code: ConditionCode;
	/** `error`: something that the box is for does not work. `warning`: it soon may not. */
	readonly severity: 'error' | 'warning';
	/** One sentence: what is so. */
	readonly text: string;
	/** One sentence: what the person can do. */
	readonly advice: string;
}
