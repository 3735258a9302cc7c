/** What an alert says: JSON with a sentence for people, and never a word of anybody's prompt. */

import type { BudgetAlert } from '../../protocol/alerts.ts';
import type { Key } from '../../protocol/member.ts';
import type { LedgerScope, SpendRow } from '../../protocol/ports.ts';
import { formatUsd } from '../../router/budget/usd.ts';

const NANO = 1e9;

export function alertBody(id: string, atMs: number, alert: BudgetAlert): string {
	const { scope, id: subject, name, period, mark, spentNanoUsd, ceilingNanoUsd } = alert;
	return JSON.stringify({
		id,
		at: new Date(atMs).toISOString(),
		event: mark === 'refused' ? 'call-refused' : 'share-reached',
		scope,
		subject,
		name,
		period,
		...(mark === 'refused' ? {} : { sharePercent: mark }),
		spentUsd: spentNanoUsd / NANO,
		ceilingUsd: ceilingNanoUsd / NANO,
		text: sentence(alert),
	});
}

function sentence({ scope, name, period, mark, spentNanoUsd, ceilingNanoUsd }: BudgetAlert): string {
	const whose = scope === 'team' ? 'The team' : scope === 'member' ? name : `A call tree of ${name}`;
	const money = `${formatUsd(spentNanoUsd)} of ${formatUsd(ceilingNanoUsd)}`;
	if (mark === 'refused') return `${whose} had a call refused: what is left of ${formatUsd(ceilingNanoUsd)} (${period}) does not hold it.`;
	return `${whose} has spent ${mark} % of the budget: ${money} (${period}).`;
}

/** The budget that refused a call, by what the refusal says of itself. */
export function refusedRow(
	{ boundBy, ceilingNanoUsd }: Readonly<Record<string, unknown>>,
	rows: readonly SpendRow[],
	scope: LedgerScope | undefined,
	key: Key,
): SpendRow | undefined {
	if (boundBy === 'tree') return scope && treeRow(scope, rows, ceilingNanoUsd, key);
	const [whose, period] = String(boundBy).split('-');
	const id = whose === 'team' ? 'team' : key.memberId;
	return rows.find((row) => row.scope === whose && row.id === id && row.period === period);
}

/** A tree whose first call is refused was never opened. */
function treeRow(scope: LedgerScope, rows: readonly SpendRow[], ceilingNanoUsd: unknown, key: Key): SpendRow {
	const open = rows.find((row) => row.scope === 'tree' && row.id === scope.treeKey);
	if (open !== undefined) return open;
	return {
		scope: 'tree',
		id: scope.treeKey,
		name: key.memberName,
		period: 'tree',
		settledNanoUsd: 0,
		reservedNanoUsd: 0,
		ceilingNanoUsd: typeof ceilingNanoUsd === 'number' ? ceilingNanoUsd : scope.treeCeilingNanoUsd,
	};
}
