/** How hard a model is to think: between the words of the dialects, and budgets in tokens. */

const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** Tokens that an effort may think, where a model wants a number: within what the vendors' own guides suggest. */
const BUDGETS: Readonly<Record<Effort, number>> = { minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384, xhigh: 24_576, max: 32_000 };

export function budgetOf(effort: string): number {
	return BUDGETS[EFFORTS.find((word) => word === effort) ?? 'medium'];
}

/** The least effort whose budget is no smaller. */
export function effortOf(budgetTokens: number): string {
	return EFFORTS.find((word) => word !== 'minimal' && BUDGETS[word] >= budgetTokens) ?? 'max';
}

/** The nearest word that a target knows, the weaker of two. */
export function nearestEffort(effort: string, known: readonly string[]): string {
	if (known.includes(effort)) return effort;
	const at: number = (EFFORTS as readonly string[]).indexOf(effort);
	const below = EFFORTS.slice(0, Math.max(at, 0)).findLast((word) => known.includes(word));
	return below ?? known[0] ?? 'medium';
}
