/** `innerloop member add | list | set`: who belongs to the team, and what they may spend. */

import type { Member } from '../protocol/ports.ts';
import { withAdmin } from './admin.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { formatUsd, parseUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';
import { table } from './terminal.ts';

const BOX = { ...DATA_OPTION, ...CONFIG_OPTION, ...ADDRESS_OPTION } as const;

const add = defineCommand({
	name: 'member add',
	summary: 'Add a member of the team.',
	positionals: ['NAME'],
	options: {
		'day-usd': { type: 'string', value: 'USD', help: 'Most that the member may spend in a day.' },
		'month-usd': { type: 'string', value: 'USD', help: 'Most that the member may spend in a month.' },
		...BOX,
	},
	details: 'A member needs a key to make calls: innerloop key add NAME',
	async run({ values, positionals: [name = ''] }, context) {
		const day = values['day-usd'];
		const month = values['month-usd'];
		const request = {
			name,
			...(day !== undefined && { dayUsd: parseUsd(day, '--day-usd') }),
			...(month !== undefined && { monthUsd: parseUsd(month, '--month-usd') }),
		};
		const member = await withAdmin(values, context, (admin) => admin.addMember(request));
		show(member, `Added ${member.name}. A key for them: innerloop key add ${member.name}`, values.json, context);
		return EXIT.ok;
	},
});

const set = defineCommand({
	name: 'member set',
	summary: 'Change what a member may spend.',
	positionals: ['NAME'],
	options: {
		'day-usd': { type: 'string', value: 'USD', help: 'Most a day; none takes the budget away.' },
		'month-usd': { type: 'string', value: 'USD', help: 'Most a month; none takes the budget away.' },
		...BOX,
	},
	async run({ values, positionals: [name = ''] }, context) {
		const day = values['day-usd'];
		const month = values['month-usd'];
		const change = {
			...(day !== undefined && { dayUsd: parseChange(day, '--day-usd') }),
			...(month !== undefined && { monthUsd: parseChange(month, '--month-usd') }),
		};
		if (day === undefined && month === undefined) throw new UsageError('Say what to change: --day-usd or --month-usd.');
		const member = await withAdmin(values, context, (admin) => admin.setMember(name, change));
		show(member, `${member.name}: ${budget(member.dayNanoUsd)} a day, ${budget(member.monthNanoUsd)} a month.`, values.json, context);
		return EXIT.ok;
	},
});

const list = defineCommand({
	name: 'member list',
	summary: 'List the members and their budgets.',
	options: BOX,
	async run({ values }, context) {
		const members = await withAdmin(values, context, (admin) => admin.members());
		if (values.json) context.terminal.json({ members });
		else context.terminal.print(table(['NAME', 'A DAY', 'A MONTH', 'SINCE', 'ID'], members.map(row)));
		return EXIT.ok;
	},
});

export const memberCommands: readonly Command[] = [add, list, set];

function parseChange(text: string, option: string): number | null {
	return text === 'none' ? null : parseUsd(text, option);
}

function budget(nanoUsd: number | undefined): string {
	return nanoUsd === undefined ? '-' : formatUsd(nanoUsd);
}

function row({ name, dayNanoUsd, monthNanoUsd, createdAt, id }: Member): string[] {
	return [name, budget(dayNanoUsd), budget(monthNanoUsd), createdAt.slice(0, 10), id];
}

function show(member: Member, text: string, isJson: boolean | undefined, { terminal }: Context): void {
	if (isJson) terminal.json(member);
	else terminal.print(text);
}
