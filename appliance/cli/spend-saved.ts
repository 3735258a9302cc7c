/** `innerloop spend saved`: what routing saved, measured against the trees that were not routed. */

import type { DietSums } from '../protocol/diet.ts';
import type { Difference, MeasuredSavings } from '../protocol/experiment.ts';
import { formatPercent } from '../protocol/format-percent.ts';
import { withAdmin } from './admin.ts';
import { defineCommand, EXIT } from './command.ts';
import { daysOption, readDays } from './days.ts';
import { formatUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';
import { table } from './terminal.ts';

export const spendSaved = defineCommand({
	name: 'spend saved',
	summary: 'Show what routing saved, against the call trees that were not routed.',
	options: {
		...daysOption('Over the last days; default: 30.'),
		...DATA_OPTION,
		...CONFIG_OPTION,
		...ADDRESS_OPTION,
	},
	details:
		'routing.control.percent sets how many trees go to the models that they name. Each line is the mean of one tree, ' +
		'not routed less routed, with the ends of its 95 % interval: an interval that holds zero shows nothing yet.',
	async run({ values }, context) {
		const days = readDays(values.days);
		const [measured, diet] = await withAdmin(values, context, (admin) => Promise.all([admin.measuredSavings(days), admin.dietSums(days)]));
		if (values.json) context.terminal.json({ days, measured: measured ?? null, diet });
		else context.terminal.print([describe(measured, days), ...diet.map(describeDiet)].join('\n'));
		return EXIT.ok;
	},
});

function describe(measured: MeasuredSavings | undefined, days: number): string {
	if (measured === undefined) {
		return 'There is no control group, so nothing says what routing saved. Set routing.control.percent (5 to 10 is usual).';
	}
	const { controlTrees, routedTrees, means, fewestTrees } = measured;
	const counted = `${controlTrees} trees not routed, ${routedTrees} routed, in ${days} days.`;
	if (means === undefined) return `${counted} Nothing is said before each group has ${fewestTrees}.`;
	const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
	const plain = (value: number) => value.toFixed(2);
	const rows = [
		line('cost', means.costNanoUsd, formatUsd),
		line('calls', means.calls, plain),
		line('failed calls', means.failedCalls, plain),
		line('waiting', means.waitMs, seconds),
	];
	return [table(['A TREE’S MEAN', 'NOT ROUTED', 'ROUTED', 'SAVED', '95 % INTERVAL'], rows), counted].join('\n');
}

function describeDiet({ mode, results, trimmed, savedTokens, gainNanoUsd, falseTrims }: DietSums): string {
	const share = trimmed === 0 ? '' : `; ${falseTrims} were false (${formatPercent(falseTrims / trimmed)})`;
	const what = mode === 'on' ? 'trimmed' : 'would have trimmed';
	return `The diet ${what} ${trimmed} of ${results} long tool results by about ${savedTokens} tokens, expected to be worth ${formatUsd(gainNanoUsd)}${share}.`;
}

function line(what: string, { control, routed, difference, low, high }: Difference, say: (value: number) => string): string[] {
	return [what, say(control), say(routed), say(difference), `${say(low)} to ${say(high)}`];
}
