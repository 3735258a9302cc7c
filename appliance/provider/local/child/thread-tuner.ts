/** Finds how many threads decode fastest right now: on a shared machine more of them can be thirty times slower. */

/**
 * ggml's threads spin at a barrier after every operation. When one of them loses its core to another process, all wait for
 * it a whole time slice: two threads on two cores with a busy neighbour gave 2 tokens a second where one gave 50.
 */
export class ThreadTuner {
	readonly #most: number;
	/** Tokens a second by thread count, blended; what is not in it was not tried lately. */
	readonly #rates = new Map<number, number>();
	#threads: number;
	#nextProbeMs: number;
	#probePauseMs = FIRST_PAUSE_MS;

	constructor(mostThreads: number, nowMs: number) {
		this.#most = mostThreads;
		this.#threads = mostThreads;
		this.#nextProbeMs = nowMs + FIRST_PAUSE_MS;
	}

	get threads(): number {
		return this.#threads;
	}

	/** Takes a count whatever was measured: for the first measurements. */
	take(threads: number): void {
		this.#threads = Math.min(this.#most, Math.max(1, threads));
	}

	/** A measurement with the present count; the count may be another one afterwards. */
	observe(tokensPerSecond: number, nowMs: number): void {
		const old = this.#rates.get(this.#threads);
		this.#rates.set(this.#threads, old === undefined ? tokensPerSecond : (old + tokensPerSecond) / 2);
		const best = this.#best();
		if (best !== this.#threads && this.#rateOf(best) > this.#rateOf(this.#threads) * CLEAR_GAIN) this.#change(best, nowMs);
		else if (this.#isCollapsed(tokensPerSecond, old)) this.#change(Math.ceil(this.#threads / 2), nowMs);
		else if (nowMs >= this.#nextProbeMs) this.#probe(nowMs);
	}

	/** Tries one more thread (or one less with all in use), forgetting what was known of it. */
	#probe(nowMs: number): void {
		const next = this.#threads < this.#most ? this.#threads + 1 : this.#threads - 1;
		this.#nextProbeMs = nowMs + this.#probePauseMs;
		if (next < 1) return;
		this.#rates.delete(next);
		this.#threads = next;
	}

	/** A probe that did not pay makes the next one later; a change of luck makes it sooner. */
	#change(threads: number, nowMs: number): void {
		const isProbeLost = threads < this.#threads;
		this.#probePauseMs = isProbeLost ? Math.min(LONGEST_PAUSE_MS, this.#probePauseMs * 2) : FIRST_PAUSE_MS;
		this.#nextProbeMs = nowMs + this.#probePauseMs;
		this.#threads = Math.max(1, threads);
	}

	#isCollapsed(rate: number, old: number | undefined): boolean {
		return this.#threads > 1 && old !== undefined && rate < old * COLLAPSE;
	}

	#best(): number {
		return [...this.#rates.keys()].reduce((best, count) => (this.#rateOf(count) > this.#rateOf(best) ? count : best), this.#threads);
	}

	#rateOf(threads: number): number {
		return this.#rates.get(threads) ?? 0;
	}
}

/** Less is noise. */
const CLEAR_GAIN = 1.15;
/** A rate that falls to this share within one measurement means that a core was lost. */
const COLLAPSE = 0.3;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 240_000;
