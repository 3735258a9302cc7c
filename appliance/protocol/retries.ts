/** What is tried again when a try fails, and how patiently. */

/** Kinds of failure that may pass by themselves. */
export const RETRY_ON = ['connect', 'timeout', 'broken', 'conflict', 'rate-limited', 'overloaded', 'server-error'] as const;
export type RetryKind = (typeof RETRY_ON)[number];

export interface RetrySettings {
	/** Most repetitions of one call at one deployment; 0 never asks the same one twice. */
	readonly repeats: number;
	readonly on: readonly RetryKind[];
	/** Whether the next candidate comes first or a repetition at the same one. */
	readonly prefer: 'next' | 'same';
	/** Wait before the first repetition; doubles with each, with jitter between half and all of it. */
	readonly backoffMs: number;
	/** No wait is longer; an upstream that asks for more is not repeated. */
	readonly longestWaitMs: number;
	/** Repetitions that may each be billed and for which money is set aside beforehand. */
	readonly reservedRepeats: number;
}
