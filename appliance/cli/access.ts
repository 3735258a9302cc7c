/** `innerloop claim`, `innerloop pair`, `innerloop audit`, `innerloop secret`: the safety of a running box, from its own device. */

import type { AuditReport, NewClaimReport, NewPairingCodeReport, SecretsReport } from '../protocol/access.ts';
import { Problem } from '../protocol/problem.ts';
import { connectElsewhere } from './admin.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { ADDRESS_OPTION, DATA_OPTION, dataDirOf } from './places.ts';
import { findService, type ServiceConnection } from './service-connection.ts';
import { table } from './terminal.ts';

interface Where {
	readonly data?: string | undefined;
	readonly address?: string | undefined;
}

function serviceOf(values: Where, context: Context): ServiceConnection {
	if (values.address !== undefined) return connectElsewhere(values.address, context);
	const service = findService(dataDirOf(values, context));
	if (service === undefined) throw new Problem('not-found', 'No service runs here: start it with innerloop serve.');
	return service;
}

const claim = defineCommand({
	name: 'claim new',
	summary: 'Make a new claim code, for a first owner or a lost password.',
	options: DATA_OPTION,
	details: 'Only on the device itself. The code is taken for access.claimMinutes (30); whoever has it sets the owner’s password.',
	async run({ values }, context) {
		const report = await serviceOf({ data: values.data }, context).ask<NewClaimReport>('POST', 'claim/code', {});
		if (values.json) context.terminal.json(report);
		else context.terminal.print(`Claim code: ${report.code}, taken until ${report.until}`);
		return EXIT.ok;
	},
});

const pair = defineCommand({
	name: 'pair',
	summary: 'Make a pairing code of one use for a member.',
	positionals: ['MEMBER'],
	options: {
		...DATA_OPTION,
		...ADDRESS_OPTION,
		minutes: { type: 'string', value: 'N', help: 'How long it is taken; default 60, at most 10080.' },
	},
	details: 'For `innerloop connect` on the member’s machine, or for a password of their own on the page.',
	async run({ values, positionals: [member = ''] }, context) {
		const minutes = values.minutes === undefined ? 60 : Number(values.minutes);
		if (!Number.isInteger(minutes)) throw new UsageError('--minutes takes a whole number.');
		const made = await serviceOf(values, context).ask<NewPairingCodeReport>('POST', 'pairing/codes', { member, minutes });
		if (values.json) context.terminal.json(made);
		else context.terminal.print(`Code for ${made.memberName}, shown this once: ${made.code} (until ${made.expiresAt})`);
		return EXIT.ok;
	},
});

const audit = defineCommand({
	name: 'audit',
	summary: 'Show who changed what on the box.',
	options: { ...DATA_OPTION, ...ADDRESS_OPTION, limit: { type: 'string', value: 'N', help: 'Most lines; default 50, at most 1000.' } },
	async run({ values }, context) {
		const { entries } = await serviceOf(values, context).ask<AuditReport>('GET', `audit?limit=${encodeURIComponent(values.limit ?? '50')}`);
		const { terminal } = context;
		if (values.json) terminal.json({ entries });
		else {
			const rows = entries.map(({ at, who, via, action, subject, status, from, fields }) => [
				at.slice(0, 19),
				who,
				via,
				action,
				subject,
				String(status),
				from,
				fields.join(','),
			]);
			terminal.print(table(['when', 'who', 'by', 'action', 'what', 'status', 'from', 'fields'], rows));
		}
		return EXIT.ok;
	},
});

const secretList = defineCommand({
	name: 'secret list',
	summary: 'List the providers’ keys that the configuration asks for, and where each comes from.',
	options: { ...DATA_OPTION, ...ADDRESS_OPTION },
	async run({ values }, context) {
		const { secrets } = await serviceOf(values, context).ask<SecretsReport>('GET', 'secrets');
		if (values.json) context.terminal.json({ secrets });
		else
			context.terminal.print(
				table(
					['name', 'providers', 'from'],
					secrets.map(({ name, providers, source }) => [name, providers.join(','), source ?? 'missing']),
				),
			);
		return EXIT.ok;
	},
});

const secretKeep = defineCommand({
	name: 'secret keep',
	summary: 'Seal a provider’s key into the box, from an environment variable of the same name.',
	positionals: ['NAME'],
	options: { ...DATA_OPTION, ...ADDRESS_OPTION },
	details: 'ANTHROPIC_API_KEY=… innerloop secret keep ANTHROPIC_API_KEY; then the variable is no longer needed.',
	async run({ values, positionals: [name = ''] }, context) {
		const value = context.env[name]?.trim();
		if (!value) throw new UsageError(`$${name} is not set: the key is read from there, so that it stands in no list of processes.`);
		await serviceOf(values, context).ask('PUT', `secrets/${encodeURIComponent(name)}`, { value });
		if (values.json) context.terminal.json({ name });
		else context.terminal.print(`${name} is kept, sealed.`);
		return EXIT.ok;
	},
});

const secretForget = defineCommand({
	name: 'secret forget',
	summary: 'Delete a kept key of a provider.',
	positionals: ['NAME'],
	options: { ...DATA_OPTION, ...ADDRESS_OPTION },
	async run({ values, positionals: [name = ''] }, context) {
		await serviceOf(values, context).ask('DELETE', `secrets/${encodeURIComponent(name)}`);
		if (values.json) context.terminal.json({ name });
		else context.terminal.print(`${name} is no longer kept.`);
		return EXIT.ok;
	},
});

export const accessCommands: readonly Command[] = [claim, pair, audit, secretList, secretKeep, secretForget];
