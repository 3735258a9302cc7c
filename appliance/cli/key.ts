/** `innerloop key add | list | revoke`: the secrets by which clients are let in. */

import type { NewKeyRequest } from '../protocol/admin.ts';
import type { ListedKey } from '../protocol/ports.ts';
import { TIERS } from '../protocol/words.ts';
import { withAdmin } from './admin.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { formatUsd, parseUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';
import { describeRules, parseRules, parseTiers, RULE_OPTIONS } from './rule-options.ts';
import { table } from './terminal.ts';

const BOX = { ...DATA_OPTION, ...CONFIG_OPTION, ...ADDRESS_OPTION } as const;

const add = defineCommand({
	name: 'key add',
	summary: 'Make a key for a member; its secret is shown this once.',
	positionals: ['MEMBER'],
	options: {
		tiers: { type: 'string', value: 'LIST', help: `Tiers it may use: ${TIERS.join(',')}. Default: all.` },
		owner: { type: 'boolean', help: 'May administer the box.' },
		force: { type: 'boolean', help: 'May force role, tier or deployment by header or model name.' },
		'no-ceiling': { type: 'boolean', help: 'Its spending has no ceiling.' },
		'tree-usd': { type: 'string', value: 'USD', help: 'Ceiling of one call tree. Default: the configuration’s.' },
		expires: { type: 'string', value: 'TIME', help: 'When it ends: 2027-01-31 or 2027-01-31T18:00Z. Default: never.' },
		...RULE_OPTIONS,
		...BOX,
	},
	async run({ values, positionals: [member = ''] }, context) {
		const request: NewKeyRequest = {
			member,
			...(values.tiers !== undefined && { allowedTiers: parseTiers(values.tiers) }),
			...(values.owner && { isOwner: true }),
			...(values.force && { mayForce: true }),
			...(values['no-ceiling'] && { hasCeiling: false }),
			...(values['tree-usd'] !== undefined && { treeCeilingUsd: parseUsd(values['tree-usd'], '--tree-usd') }),
			...(values.expires !== undefined && { expiresAt: parseTime(values.expires) }),
			...parseRules(values),
		};
		const made = await withAdmin(values, context, (admin) => admin.addKey(request));
		if (values.json) context.terminal.json(made);
		else context.terminal.print(`${made.secret}\nKey ${made.key.id} of ${made.key.memberName}. The secret is not kept: note it now.`);
		return EXIT.ok;
	},
});

const list = defineCommand({
	name: 'key list',
	summary: 'List the keys, never their secrets.',
	options: BOX,
	async run({ values }, context) {
		const keys = await withAdmin(values, context, (admin) => admin.keys());
		if (values.json) context.terminal.json({ keys });
		else context.terminal.print(table(['ID', 'MEMBER', 'STATE', 'TIERS', 'RIGHTS', 'RULES', 'TREE', 'SINCE'], keys.map(row)));
		return EXIT.ok;
	},
});

const set = defineCommand({
	name: 'key set',
	summary: 'Change what a key may do; in force for its next call.',
	positionals: ['ID'],
	options: {
		tiers: { type: 'string', value: 'LIST', help: `Tiers it may use: ${TIERS.join(',')}.` },
		...RULE_OPTIONS,
		...BOX,
	},
	details: 'What a member may not, no key of theirs may either.',
	async run({ values, positionals: [id = ''] }, context) {
		const change = { ...(values.tiers !== undefined && { allowedTiers: parseTiers(values.tiers) }), ...parseRules(values) };
		if (Object.keys(change).length === 0) throw new UsageError('Say what to change. See: innerloop key set --help');
		const key = await withAdmin(values, context, (admin) => admin.setKey(id, change));
		if (values.json) context.terminal.json(key);
		else context.terminal.print(`Key ${key.id} of ${key.memberName}: tiers ${key.allowedTiers.join(',')}; ${describeRules(key.rules)}.`);
		return EXIT.ok;
	},
});

const revoke = defineCommand({
	name: 'key revoke',
	summary: 'End a key at once.',
	positionals: ['ID'],
	options: BOX,
	async run({ values, positionals: [id = ''] }, context) {
		await withAdmin(values, context, (admin) => admin.revokeKey(id));
		if (values.json) context.terminal.json({ id, isRevoked: true });
		else context.terminal.print(`Key ${id} is revoked.`);
		return EXIT.ok;
	},
});

export const keyCommands: readonly Command[] = [add, list, set, revoke];

function parseTime(text: string): string {
	const time = new Date(text);
	if (Number.isNaN(time.getTime())) throw new UsageError(`--expires takes a time like 2027-01-31T18:00Z, not ${JSON.stringify(text)}.`);
	return time.toISOString();
}

function row(key: ListedKey): string[] {
	const isExpired = key.expiresAtMs !== undefined && key.expiresAtMs !== null && key.expiresAtMs <= Date.now();
	const rights = [key.isOwner && 'owner', key.mayForce && 'force', !key.hasCeiling && 'no ceiling'].filter((right) => right !== false);
	return [
		key.id,
		key.memberName,
		key.isRevoked ? 'revoked' : isExpired ? 'expired' : 'valid',
		key.allowedTiers.join(','),
		rights.join(', ') || '-',
		describeRules(key.rules ?? undefined),
		key.treeCeilingNanoUsd === undefined ? '-' : formatUsd(key.treeCeilingNanoUsd),
		key.createdAt.slice(0, 10),
	];
}
