/** How many prompt tokens are evaluated in one step: all that the configuration allows, or fewer while others are being answered. */

/** Fewer cost more than they spare: a step has costs of its own. */
const LEAST_TOKENS = 16;
/** Steps of this many tokens, so that nearly equal rates give equal steps. */
const GRAIN_TOKENS = 16;
/** Share of a new measurement. */
const BLEND = 0.3;

export class ChunkSize {
	readonly #mostTokens: number;
	readonly #mostStallMs: number;
	#tokensPerMs: number | undefined;

	/** @param mostStallMs longest pause of a running answer while another prompt is read */
	constructor(mostTokens: number, mostStallMs: number) {
		this.#mostTokens = mostTokens;
		this.#mostStallMs = mostStallMs;
	}

	observe(tokens: number, durationMs: number): void {
		if (durationMs <= 0 || tokens < LEAST_TOKENS) return;
		const rate = tokens / durationMs;
		this.#tokensPerMs = this.#tokensPerMs === undefined ? rate : this.#tokensPerMs + BLEND * (rate - this.#tokensPerMs);
	}

	/** @param prompts how many prompts are read at once: their steps follow each other */
	next(isAlone: boolean, prompts: number): number {
		if (isAlone || this.#tokensPerMs === undefined) return this.#mostTokens;
		const fitting = (this.#tokensPerMs * this.#mostStallMs) / Math.max(1, prompts);
		return Math.min(this.#mostTokens, Math.max(LEAST_TOKENS, Math.floor(fitting / GRAIN_TOKENS) * GRAIN_TOKENS));
	}
}
