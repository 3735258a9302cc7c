/** `innerloop spend`: what was spent, what is held for running calls, and what is left. */

import type { SpendRow } from '../protocol/ports.ts';
import { withAdmin } from './admin.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { daysOption, readDays } from './days.ts';
import { formatUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';
import { spendExport } from './spend-export.ts';
import { spendSaved } from './spend-saved.ts';
import { table } from './terminal.ts';

const SCOPES = ['team', 'member', 'tree'] as const;
const PERIODS = ['day', 'month', 'tree'] as const;

const spend = defineCommand({
	name: 'spend',
	summary: 'Show what the team, each member and each open call tree spent.',
	options: {
		scope: { type: 'string', value: 'WORD', help: `Only ${SCOPES.join(', ')}.` },
		period: { type: 'string', value: 'WORD', help: `Only ${PERIODS.join(', ')}.` },
		member: { type: 'string', value: 'NAME', help: 'Only rows of this member.' },
		...DATA_OPTION,
		...CONFIG_OPTION,
		...ADDRESS_OPTION,
	},
	details: 'SPENT is settled. HELD is reserved for calls that run and trees that are open. LEFT is the ceiling less both.',
	async run({ values }, context) {
		const scope = oneOf(SCOPES, values.scope, '--scope');
		const period = oneOf(PERIODS, values.period, '--period');
		const all = await withAdmin(values, context, (admin) => admin.spend());
		const rows = all.filter(
			(row) =>
				(scope === undefined || row.scope === scope) &&
				(period === undefined || row.period === period) &&
				(values.member === undefined || [row.name, row.id].includes(values.member)),
		);
		if (values.json) context.terminal.json({ rows });
		else context.terminal.print(table(['WHOSE', 'NAME', 'PERIOD', 'SPENT', 'HELD', 'CEILING', 'LEFT'], rows.map(line)));
		return EXIT.ok;
	},
});

const spendDays = defineCommand({
	name: 'spend days',
	summary: 'Show what was spent on each of the last days with any spending.',
	options: {
		...daysOption('How many days; default: 30.'),
		...DATA_OPTION,
		...CONFIG_OPTION,
		...ADDRESS_OPTION,
	},
	details: 'Days are UTC.',
	async run({ values }, context) {
		const days = readDays(values.days);
		const rows = await withAdmin(values, context, (admin) => admin.spendByDay(days));
		if (values.json) context.terminal.json({ days: rows });
		else if (rows.length === 0) context.terminal.print('Nothing was spent yet.');
		else
			context.terminal.print(
				table(
					['DAY', 'WHOSE', 'NAME', 'SPENT'],
					rows.map(({ day, scope, name, settledNanoUsd }) => [day, scope, name, formatUsd(settledNanoUsd)]),
				),
			);
		return EXIT.ok;
	},
});

export const spendCommands: readonly Command[] = [spendExport, spendDays, spendSaved, spend];

function oneOf<T extends string>(known: readonly T[], given: string | undefined, option: string): T | undefined {
	const found = known.find((word) => word === given);
	if (given !== undefined && found === undefined)
		throw new UsageError(`${option} is one of ${known.join(', ')}; not ${JSON.stringify(given)}.`);
	return found;
}

function line({ scope, name, period, settledNanoUsd, reservedNanoUsd, ceilingNanoUsd }: SpendRow): string[] {
	const left = ceilingNanoUsd === undefined || ceilingNanoUsd === null ? '-' : formatUsd(ceilingNanoUsd - settledNanoUsd - reservedNanoUsd);
	const ceiling = ceilingNanoUsd === undefined || ceilingNanoUsd === null ? '-' : formatUsd(ceilingNanoUsd);
	return [scope, name, period, formatUsd(settledNanoUsd), formatUsd(reservedNanoUsd), ceiling, left];
}
