/** What a table of spending is asked for. */

export const SPEND_BY = ['day', 'member', 'tree', 'deployment', 'call'] as const;
export type SpendBy = (typeof SPEND_BY)[number];

export interface SpendExport {
	readonly by: SpendBy;
	/** First and last day, `2026-11-23` (UTC), both included. */
	readonly from: string;
	readonly to: string;
}
