/** Which budgets have reached a share that their operator wants to hear of. */

import type { BudgetAlert } from '../../protocol/alerts.ts';
import type { SpendRow } from '../../protocol/ports.ts';
import type { Periods } from './ledger-period.ts';

/** The highest share that each day's and month's budget has reached. What a tree has set aside says nothing: budgets above it cut it. */
export function reachedShares(rows: readonly SpendRow[], sharesPercent: readonly number[], periods: Periods): readonly BudgetAlert[] {
	return rows.flatMap((row): BudgetAlert[] => {
		const ceilingNanoUsd = row.scope === 'tree' ? 0 : (row.ceilingNanoUsd ?? 0);
		const reached = ceilingNanoUsd === 0 ? [] : sharesPercent.filter((share) => row.settledNanoUsd / share >= ceilingNanoUsd / 100);
		return reached.length === 0 ? [] : [{ ...alertOf(row, periods), mark: Math.max(...reached) }];
	});
}

/** A call was refused because the rest of this budget did not hold it. */
export const refusedBy = (row: SpendRow, periods: Periods): BudgetAlert => ({ ...alertOf(row, periods), mark: 'refused' });

/** Of marks of one budget: is there nothing new in this one? A higher share says the lower ones, too. */
export function isKnownMark(mark: BudgetAlert['mark'], known: readonly BudgetAlert['mark'][]): boolean {
	return mark === 'refused' ? known.includes(mark) : known.some((one) => one !== 'refused' && one >= mark);
}

function alertOf(row: SpendRow, { day, month }: Periods): Omit<BudgetAlert, 'mark'> {
	const { scope, id, name } = row;
	const period = row.period === 'month' ? month : day;
	return {
		budget: scope === 'tree' ? `tree/${id}/${period}` : `${scope}/${id}/${row.period}/${period}`,
		scope,
		id,
		name,
		period,
		spentNanoUsd: row.settledNanoUsd,
		ceilingNanoUsd: row.ceilingNanoUsd ?? 0,
	};
}
