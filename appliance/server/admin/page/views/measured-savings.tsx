/** What routing saved against the trees that were not routed: a difference with its interval, or why there is none. */

import type { JSX } from 'preact';
import type { Difference, MeasuredSavings as Measured } from '../../../../protocol/experiment.ts';
import * as format from '../format.ts';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

const round = (value: number): string => value.toFixed(2);

export function MeasuredSavings({ measured }: { readonly measured: Measured | undefined }): JSX.Element {
	if (measured === undefined) {
		return (
			<Empty title="Nothing measures it yet">
				Set a control group (<code>routing.control.percent</code>, 5 to 10 is usual): a share of call trees then goes to the models that
				they name, and what routing saves is the difference.
			</Empty>
		);
	}
	const { means, controlTrees, routedTrees, fewestTrees } = measured;
	const counted = `${format.plural(controlTrees, 'call tree')} not routed, ${format.count(routedTrees)} routed.`;
	if (means === undefined) {
		return (
			<Empty title="Too few call trees yet">
				{counted} Each group needs {fewestTrees}.
			</Empty>
		);
	}
	const { costNanoUsd: cost } = means;
	const isShown = cost.low > 0 || cost.high < 0;
	const rows = [
		{ what: 'Cost', of: cost, say: format.usd },
		{ what: 'Calls', of: means.calls, say: round },
		{ what: 'Failed calls', of: means.failedCalls, say: round },
		{ what: 'Waiting', of: means.waitMs, say: (ms: number) => (ms < 0 ? `−${format.duration(-ms)}` : format.duration(ms)) },
	];
	return (
		<div class="spaced">
			<p>
				<strong>{format.usd(cost.difference)}</strong> saved for each call tree, between {format.usd(cost.low)} and {format.usd(cost.high)}.{' '}
				{!isShown && 'The interval holds zero: it shows nothing yet.'}
			</p>
			<Table
				caption="Means of one call tree"
				rows={rows}
				keyOf={({ what }) => what}
				columns={[
					{ head: 'A tree’s mean', isTitle: true, cell: ({ what }) => what },
					{ head: 'Not routed', isNumber: true, cell: ({ of, say }) => say(of.control) },
					{ head: 'Routed', isNumber: true, cell: ({ of, say }) => say(of.routed) },
					{ head: 'Saved', isNumber: true, cell: ({ of, say }) => say(of.difference) },
					{ head: '95 % interval', isNumber: true, cell: ({ of, say }) => intervalOf(of, say) },
				]}
			/>
			<p class="quiet small-text">{counted} Repair turns and waiting are counted with their trees.</p>
		</div>
	);
}

const intervalOf = ({ low, high }: Difference, say: (value: number) => string): string => `${say(low)} to ${say(high)}`;
