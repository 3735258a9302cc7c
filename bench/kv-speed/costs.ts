/** What was measured in several rounds, by name. */

import type { Figure } from '../lib/report.ts';

/** Least CPU time by name: the machine's other work only ever adds. */
export class Costs {
	readonly #least = new Map<string, number>();

	add(name: string, value: unknown): void {
		this.#least.set(name, Math.min(this.of(name) || Number.POSITIVE_INFINITY, Number(value)));
	}

	/** NaN where it was not measured. */
	of(name: string): number {
		return this.#least.get(name) ?? Number.NaN;
	}

	figures(prefix: string): readonly Figure[] {
		return [...this.#least].map(([name, value]) => ({ name: `${prefix}${name}`, value, unit: 'ms' }));
	}
}
