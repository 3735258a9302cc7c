/** `innerloop member add | list | set`: who belongs to the team, and what they may spend. */

import type { Member } from '../protocol/ports.ts';
import { TIERS } from '../protocol/words.ts';
import { withAdmin } from './admin.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { formatUsd, parseUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';
import { describeRules, parseRules, parseTiers, RULE_OPTIONS } from './rule-options.ts';
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
	summary: 'Change what a member may spend and use; in force for the next call.',
	positionals: ['NAME'],
	options: {
		'day-usd': { type: 'string', value: 'USD', help: 'Most a day; none takes the budget away.' },
		'month-usd': { type: 'string', value: 'USD', help: 'Most a month; none takes the budget away.' },
		tiers: { type: 'string', value: 'LIST', help: `Tiers that their keys may use: ${TIERS.join(',')}; all lifts it.` },
		...RULE_OPTIONS,
		...BOX,
	},
	details: 'Rules of a member hold for all of their keys; a key can only be stricter (innerloop key set).',
	async run({ values, positionals: [name = ''] }, context) {
		const { tiers } = values;
		const day = values['day-usd'];
		const month = values['month-usd'];
		const change = {
			...(day !== undefined && { dayUsd: parseChange(day, '--day-usd') }),
			...(month !== undefined && { monthUsd: parseChange(month, '--month-usd') }),
			...(tiers !== undefined && { allowedTiers: tiers === 'all' ? null : parseTiers(tiers) }),
			...parseRules(values),
		};
		if (Object.keys(change).length === 0) throw new UsageError('Say what to change. See: innerloop member set --help');
		const member = await withAdmin(values, context, (admin) => admin.setMember(name, change));
		const budgets = `${budget(member.dayNanoUsd)} a day, ${budget(member.monthNanoUsd)} a month`;
		show(member, `${member.name}: ${budgets}; rules: ${describeRules(member.rules)}.`, values.json, context);
		return EXIT.ok;
	},
});

const remove = defineCommand({
	name: 'member delete',
	summary: 'Delete a member with all keys and the records of all calls.',
	positionals: ['NAME'],
	options: { yes: { type: 'boolean', help: 'Needed: there is no way back.' }, ...BOX },
	details: 'What the team spent stays in the team’s sums.',
	async run({ values, positionals: [name = ''] }, context) {
		if (values.yes !== true) throw new UsageError('This cannot be undone. If it is meant, say --yes.');
		await withAdmin(values, context, (admin) => admin.removeMember(name));
		if (values.json) context.terminal.json({ name, isDeleted: true });
		else context.terminal.print(`${name} is deleted, with all keys and records of calls.`);
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
		else context.terminal.print(table(['NAME', 'A DAY', 'A MONTH', 'RULES', 'SINCE', 'ID'], members.map(row)));
		return EXIT.ok;
	},
});

export const memberCommands: readonly Command[] = [add, list, set, remove];

function parseChange(text: string, option: string): number | null {
	return text === 'none' ? null : parseUsd(text, option);
}

function budget(nanoUsd: number | undefined): string {
	return nanoUsd === undefined ? '-' : formatUsd(nanoUsd);
}

function row({ name, dayNanoUsd, monthNanoUsd, createdAt, id, rules }: Member): string[] {
	return [name, budget(dayNanoUsd), budget(monthNanoUsd), describeRules(rules), createdAt.slice(0, 10), id];
}

function show(member: Member, text: string, isJson: boolean | undefined, { terminal }: Context): void {
	if (isJson) terminal.json(member);
	else terminal.print(text);
}
