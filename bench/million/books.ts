/** The upstreams' own books: what was billed to whom, in which tree and period, and how near that came to each ceiling. */

import type { Budgets, LedgerScope } from '../../appliance/protocol/ports.ts';
import { periodsAt } from '../../appliance/router/budget/ledger-period.ts';
import { treeIdOf } from '../../appliance/router/budget/ledger-tree.ts';

export interface Ratio {
	/** Largest bill by its ceiling. */
	worst: number;
	/** Bills above their ceiling. */
	broken: number;
}

export interface Ratios {
	readonly tree: Ratio;
	readonly member: Ratio;
	readonly team: Ratio;
}

export const newRatios = (): Ratios => ({
	tree: { worst: 0, broken: 0 },
	member: { worst: 0, broken: 0 },
	team: { worst: 0, broken: 0 },
});

export class Books {
	readonly #budgets: Budgets;
	/** Of trees under a ceiling. */
	readonly trees = new Map<string, { billedNanoUsd: number; readonly ceilingNanoUsd: number }>();
	readonly #periods = new Map<string, number>();

	constructor(budgets: Budgets) {
		this.#budgets = budgets;
	}

	/** @param atMs ledger time of the day that pays */
	bill(scope: LedgerScope, nanoUsd: number, atMs: number): void {
		if (!scope.hasCeiling) return;
		const id = treeIdOf(scope);
		const tree = this.trees.get(id) ?? { billedNanoUsd: 0, ceilingNanoUsd: scope.treeCeilingNanoUsd };
		tree.billedNanoUsd += nanoUsd;
		this.trees.set(id, tree);
		const { day, month } = periodsAt(atMs);
		for (const period of [`day ${day}`, `month ${month}`])
			for (const who of ['team', scope.memberId]) {
				const key = `${period} ${who}`;
				this.#periods.set(key, (this.#periods.get(key) ?? 0) + nanoUsd);
			}
	}

	addTo(ratios: Ratios): void {
		for (const { billedNanoUsd, ceilingNanoUsd } of this.trees.values()) note(ratios.tree, billedNanoUsd, ceilingNanoUsd);
		for (const [key, nanoUsd] of this.#periods) {
			const [period, , who] = key.split(' ');
			const { teamDayNanoUsd, teamMonthNanoUsd, memberDayNanoUsd, memberMonthNanoUsd } = this.#budgets;
			const [day, month] = who === 'team' ? [teamDayNanoUsd, teamMonthNanoUsd] : [memberDayNanoUsd, memberMonthNanoUsd];
			note(who === 'team' ? ratios.team : ratios.member, nanoUsd, (period === 'day' ? day : month) ?? Number.POSITIVE_INFINITY);
		}
	}
}

function note(ratio: Ratio, billedNanoUsd: number, ceilingNanoUsd: number): void {
	ratio.worst = Math.max(ratio.worst, billedNanoUsd / ceilingNanoUsd);
	if (billedNanoUsd > ceilingNanoUsd) ratio.broken += 1;
}
