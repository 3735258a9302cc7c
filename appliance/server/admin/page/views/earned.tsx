/** Which classes of calls the box's own model has earned, and by what evidence. */

import type { JSX } from 'preact';
import type { EarnedReport, Standing } from '../../../../protocol/earned.ts';
import { formatPercent } from '../../../../protocol/format-percent.ts';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

const WHY: Readonly<Record<Standing['why'], string>> = {
	earned: 'on the box',
	'starts-local': 'on the box from the start',
	'below-bar': 'in the cloud: below its bar',
	'too-few': 'in the cloud: too few comparisons',
	never: 'in the cloud, by configuration',
};

export function Earned({ report }: { readonly report: EarnedReport }): JSX.Element {
	if (report.mode === 'off') {
		return (
			<Empty title="Nothing is compared">
				Set <code>earned.mode</code> to <code>observe</code>: while nobody calls, the box answers again what the cloud answered, and counts
				how often they agree.
			</Empty>
		);
	}
	return (
		<Table
			caption="The box’s own answers beside the cloud’s"
			rows={report.standings}
			keyOf={({ className }) => className}
			columns={[
				{ head: 'Class of calls', isTitle: true, cell: ({ className }) => className },
				{ head: 'Agreed', isNumber: true, cell: ({ agreed, compared }) => `${agreed} of ${compared}` },
				{ head: 'Lower bound', isNumber: true, cell: ({ low }) => formatPercent(low) },
				{ head: 'Bar', isNumber: true, cell: ({ bar }) => formatPercent(bar) },
				{ head: 'Goes', cell: ({ why }) => (report.mode === 'on' ? WHY[why] : 'as routed, only observed') },
			]}
		/>
	);
}
