/** `innerloop earned`: which classes of calls the box's own model has earned, and by what evidence. */

import type { EarnedReport, Standing } from '../protocol/earned.ts';
import { formatPercent } from '../protocol/format-percent.ts';
import { Problem } from '../protocol/problem.ts';
import { connectElsewhere } from './admin.ts';
import { type Command, defineCommand, EXIT } from './command.ts';
import { ADDRESS_OPTION, DATA_OPTION, dataDirOf } from './places.ts';
import { findService } from './service-connection.ts';
import { table } from './terminal.ts';

const command = defineCommand({
	name: 'earned',
	summary: 'Show which classes of calls the box’s own model has earned.',
	options: { ...DATA_OPTION, ...ADDRESS_OPTION },
	details:
		'While nobody calls, the box answers again what the cloud answered. AGREED is the same tools with the same arguments, or the same ' +
		'short text; LOWER BOUND is Wilson’s, one-sided 95 %. A class is local while that passes its bar (earned.classes, earned.barPercent).',
	async run({ values }, context) {
		const service = values.address === undefined ? findService(dataDirOf(values, context)) : connectElsewhere(values.address, context);
		if (service === undefined) throw new Problem('not-found', 'This needs the running service: start it with innerloop serve.');
		const report = await service.ask<EarnedReport>('GET', 'earned');
		if (values.json) context.terminal.json(report);
		else context.terminal.print(describe(report));
		return EXIT.ok;
	},
});

export const earnedCommands: readonly Command[] = [command];

const WHY: Readonly<Record<Standing['why'], string>> = {
	earned: 'earned',
	'below-bar': 'below its bar',
	'too-few': 'too few comparisons',
	'starts-local': 'starts on the box',
	never: 'never, by configuration',
};

function describe({ mode, model, standings, shadows, givenUp, fewest }: EarnedReport): string {
	if (mode === 'off') return 'Nothing is compared. Set earned.mode to observe.';
	const rows = standings.map(({ className, compared, agreed, incomparable, low, bar, isLocal, why }) => [
		className,
		mode === 'on' ? (isLocal ? 'box' : 'cloud') : 'as routed',
		`${agreed} of ${compared}`,
		formatPercent(low),
		formatPercent(bar),
		String(incomparable),
		WHY[why],
	]);
	return [
		table(['CLASS', 'GOES TO', 'AGREED', 'LOWER BOUND', 'BAR', 'NOT COMPARABLE', 'WHY'], rows),
		`${shadows} shadow answers of ${model ?? 'no model'} since the start; ${givenUp} were given up because somebody called. A class needs ${fewest} comparisons.`,
	].join('\n');
}
