/** Alerts on budgets: what is told to the operator's webhooks, and how it is remembered that it was. */

/** Something about one budget in one period (or one call tree) that the operator wants to know once. */
export interface BudgetAlert {
	/** The budget and its period: `team/day/2026-11-23`, `member/m_1/month/2026-11`, `tree/k_1/prompt/p/2026-11-23`. */
	readonly budget: string;
	readonly scope: 'team' | 'member' | 'tree';
	readonly id: string;
	/** Whose it is. */
	readonly name: string;
	/** `2026-11-23`, or `2026-11` for a month (UTC). */
	readonly period: string;
	/** A share of the ceiling in percent that spending has reached; `refused` for a call that the rest did not hold. */
	readonly mark: number | 'refused';
	readonly spentNanoUsd: number;
	readonly ceilingNanoUsd: number;
}

/** One alert to one webhook. */
export interface AlertRow {
	/** Of webhook, budget and mark: the same alert never has a second row. */
	readonly id: string;
	readonly atMs: number;
	readonly state: 'queued' | 'sent' | 'failed';
	/** JSON, as it is sent. */
	readonly body: string;
}

export interface AlertStore {
	/** Resolves when the row is on the platter; a row of the same id is replaced. */
	put(row: AlertRow): Promise<void>;
	/** The newest first. */
	since(atMs: number): Promise<readonly AlertRow[]>;
}
