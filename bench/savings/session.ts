/** A session as the bench replays it: what each call was, and what it weighed. */

export interface SessionCall {
	/** Calls of one conversation share a prompt cache. */
	readonly conversation: string;
	readonly isSubagent: boolean;
	readonly agentType: string | undefined;
	readonly toolNames: readonly string[];
	/** The whole input. */
	readonly promptTokens: number;
	/** Of that, what the same deployment had not yet read in this conversation. */
	readonly newTokens: number;
	readonly outputTokens: number;
	/** Start, ms since the session began. */
	readonly atMs: number;
	readonly durationMs: number;
}

export interface Session {
	readonly name: string;
	readonly calls: readonly SessionCall[];
}
