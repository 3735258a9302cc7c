/** What a deployment, a key or a member may be asked for in a minute and at once, and what is said where that is used up. */

/** A field that is absent does not limit. */
export interface Limits {
	readonly requestsPerMinute?: number;
	/** Input and output together: estimated when a call begins, corrected by its usage. */
	readonly tokensPerMinute?: number;
	readonly parallelCalls?: number;
	/** False where the upstream does not count what it reads from its prompt cache; absent counts it. */
	readonly isCacheReadCounted?: boolean;
}

/** Which limit keeps a call out, and for how long if nothing else comes: infinite where the call alone is above it. */
export interface LimitRefusal {
	readonly limit: 'requests' | 'tokens' | 'parallel';
	readonly most: number;
	readonly waitMs: number;
}

/** Tokens of one call, expected or used. */
export interface TokenCount {
	/** Input and output, cache reads and writes included. */
	readonly tokens: number;
	/** Of these, what is read from a prompt cache. */
	readonly cacheReadTokens: number;
}

export const NO_TOKENS: TokenCount = { tokens: 0, cacheReadTokens: 0 };
