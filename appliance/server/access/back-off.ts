/** How long whoever guesses has to wait: nothing for the first few failures, then twice as long each time. */

const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 1_000;
/** Long enough against guessing, short enough that a stranger cannot shut an owner out for long. */
const LONGEST_WAIT_MS = 300_000;
/** A name or address is forgotten after this much quiet. */
const FORGET_MS = 3_600_000;
const MOST_NAMES = 10_000;

interface Failures {
	readonly count: number;
	readonly lastMs: number;
}

export class BackOff {
	readonly #nowMs: () => number;
	readonly #failures = new Map<string, Failures>();

	/** @param nowMs monotonic */
	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	/** Ms until the next try of this name or address is looked at; 0 when it is at once. */
	waitMs(name: string): number {
		const known = this.#failures.get(name);
		if (known === undefined || known.count < FREE_FAILURES) return 0;
		const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (known.count - FREE_FAILURES));
		return Math.max(0, known.lastMs + waitMs - this.#nowMs());
	}

	/** Call before the check and take it back after success, so that tries at the same time count, too. */
	note(name: string): void {
		const nowMs = this.#nowMs();
		const known = this.#failures.get(name);
		const count = known === undefined || nowMs - known.lastMs > FORGET_MS ? 1 : known.count + 1;
		this.#failures.delete(name);
		this.#failures.set(name, { count, lastMs: nowMs });
		if (this.#failures.size > MOST_NAMES) this.#failures.delete(this.#failures.keys().next().value ?? name);
	}

	forget(name: string): void {
		this.#failures.delete(name);
	}
}
