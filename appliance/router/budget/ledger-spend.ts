/** The ledger's balances as rows for people and metrics. */

import type { SpendRow } from '../../protocol/ports.ts';
import type { Account, Accounts } from './ledger-accounts.ts';
import type { Tree } from './ledger-tree.ts';

/** Team first, then members, each by day and month, then the open trees. */
export function spendRows(accounts: Accounts, openTrees: readonly Tree[]): readonly SpendRow[] {
	const rows = [...accountRows(accounts, accounts.team, 'team')];
	for (const account of accounts.members.values()) rows.push(...accountRows(accounts, account, 'member'));
	for (const tree of openTrees) rows.push(treeRow(accounts, tree));
	return rows;
}

function accountRows(accounts: Accounts, account: Account, scope: 'team' | 'member'): readonly SpendRow[] {
	const bounds = accounts.boundsOf(account);
	const row = (period: 'day' | 'month', settledNanoUsd: number): SpendRow => ({
		scope,
		id: account.id,
		name: account.name,
		period,
		settledNanoUsd,
		reservedNanoUsd: account.heldNanoUsd + account.unboundedNanoUsd,
		ceilingNanoUsd: bounds.find((bound) => bound.by.endsWith(period))?.ceilingNanoUsd,
	});
	return [row('day', account.daySettledNanoUsd), row('month', account.monthSettledNanoUsd)];
}

function treeRow(accounts: Accounts, tree: Tree): SpendRow {
	return {
		scope: 'tree',
		id: tree.treeKey,
		name: accounts.member(tree.memberId).name,
		period: 'tree',
		settledNanoUsd: tree.spentNanoUsd,
		reservedNanoUsd: tree.reservedNanoUsd,
		ceilingNanoUsd: tree.isBounded ? tree.ceilingNanoUsd : undefined,
	};
}
