/** What the context diet trimmed, or would have: how much, what it is worth, and how often it was wrong. */

import type { JSX } from 'preact';
import type { DietSums } from '../../../../protocol/diet.ts';
import * as format from '../format.ts';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

export function Diet({ sums }: { readonly sums: readonly DietSums[] }): JSX.Element {
	if (sums.length === 0) {
		return (
			<Empty title="Nothing is trimmed">
				Set <code>diet.mode</code> to <code>observe</code>: what of long tool results could be left out of every later turn is then counted,
				and nothing is changed.
			</Empty>
		);
	}
	return (
		<Table
			caption="Tool results that were long enough to be looked at"
			rows={sums}
			keyOf={({ mode }) => mode}
			columns={[
				{ head: 'Mode', isTitle: true, cell: ({ mode }) => (mode === 'on' ? 'Trimmed' : 'Only observed') },
				{ head: 'Results', isNumber: true, cell: ({ results }) => format.count(results) },
				{ head: 'Trimmed', isNumber: true, cell: ({ trimmed }) => format.count(trimmed) },
				{ head: 'Tokens', isNumber: true, cell: ({ savedTokens }) => format.count(savedTokens) },
				{ head: 'Expected to be worth', isNumber: true, cell: ({ gainNanoUsd }) => format.usd(gainNanoUsd) },
				{ head: 'False', isNumber: true, cell: ({ falseTrims }) => format.count(falseTrims) },
			]}
		/>
	);
}
