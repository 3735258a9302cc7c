/** The box through its files, while no service runs: the same store, opened for one command. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Environment } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import type { MemberChangeRequest, NewKeyRequest } from '../protocol/admin.ts';
import { changedRules } from '../protocol/member.ts';
import type { Clock, Member, MemberStore, NewKey } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { TIERS } from '../protocol/words.ts';
import { measureSavings } from '../router/savings/estimate.ts';
import { openStore, type StoreLog } from '../store/open-store.ts';
import type { Admin } from './admin.ts';
import { findMember } from './find-member.ts';

const NANO = 1e9;
const DAY_MS = 86_400_000;
const clock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
const quiet: StoreLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @throws Problem where there is no database yet, or it cannot be opened */
export async function adminOverFiles(dataDir: string, configFile: string, env: Environment): Promise<Admin> {
	const file = join(dataDir, 'innerloop.db');
	if (!existsSync(file)) {
		throw new Problem(
			'not-found',
			`There is no box in ${dataDir} yet: start it once with innerloop serve, or name another folder with --data.`,
		);
	}
	const settings = readSettings(configFile, env);
	const store = await openStore({ file, clock, budgets: settings.budgets, log: quiet });
	const { members, ledger, history } = store;
	return {
		members: async () => members.listMembers(),
		addMember: async ({ name, dayUsd, monthUsd }) => await members.addMember(name, budgetsOf(dayUsd, monthUsd)),
		setMember: async (name, change) => {
			const member = findMember(members.listMembers(), name);
			const { dayUsd, monthUsd, ...rules } = change;
			if (Object.keys(rules).length > 0) await members.setMemberRules(member.id, changedRules(member.rules ?? {}, rules));
			return await members.setMemberBudgets(
				member.id,
				changed(member, { ...(dayUsd !== undefined && { dayUsd }), ...(monthUsd !== undefined && { monthUsd }) }),
			);
		},
		removeMember: async (name) => await members.removeMember(findMember(members.listMembers(), name).id),
		keys: async () => members.listKeys(),
		addKey: async (request) => await members.addKey(newKeyOf(request, members)),
		setKey: async (id, { allowedTiers, ...rules }) => {
			const key = members.listKeys().find((one) => one.id === id);
			return await members.setKeyRules(id, changedRules(key?.rules ?? {}, rules), allowedTiers);
		},
		revokeKey: (id) => revoke(members, id),
		spend: async () => ledger.spend(),
		exportSpend: (request) => store.exportSpend(request),
		spendByDay: async (days) => {
			const names = new Map(members.listMembers().map(({ id, name }) => [id, name]));
			return (await store.spendByDay(days)).map((row) => ({ ...row, name: names.get(row.id) ?? row.id }));
		},
		measuredSavings: async (days) =>
			measureSavings(await history.trees(clock.wallMs() - days * DAY_MS, undefined), settings.routing.control?.share ?? 0),
		dietSums: (days) => store.diet.sums(clock.wallMs() - days * DAY_MS, undefined),
		findCall: async (id) => {
			const record = await history.find(id);
			if (record === undefined) throw new Problem('not-found', `There is no call ${JSON.stringify(id)} in the history.`);
			return record;
		},
		recentCalls: (limit) => history.recent(limit),
		close: () => store.close(),
	};
}

function readSettings(configFile: string, env: Environment): Settings {
	const result = loadConfig(existsSync(configFile) ? readFileSync(configFile) : undefined, env);
	if (result.ok) return result.settings;
	throw new Problem('invalid-call', [`The configuration ${configFile} is refused:`, ...result.errors.map(formatConfigError)].join('\n  '));
}

function budgetsOf(dayUsd: number | undefined, monthUsd: number | undefined) {
	return {
		...(dayUsd !== undefined && { dayNanoUsd: Math.round(dayUsd * NANO) }),
		...(monthUsd !== undefined && { monthNanoUsd: Math.round(monthUsd * NANO) }),
	};
}

function changed(member: Member, { dayUsd, monthUsd }: MemberChangeRequest) {
	const pick = (change: number | null | undefined, nanoUsd: number | undefined) =>
		change === undefined ? (nanoUsd === undefined ? undefined : nanoUsd / NANO) : (change ?? undefined);
	return budgetsOf(pick(dayUsd, member.dayNanoUsd), pick(monthUsd, member.monthNanoUsd));
}

function newKeyOf(request: NewKeyRequest, members: MemberStore): NewKey {
	return {
		memberId: findMember(members.listMembers(), request.member).id,
		isOwner: request.isOwner ?? false,
		allowedTiers: request.allowedTiers ?? TIERS,
		mayForce: request.mayForce ?? false,
		hasCeiling: request.hasCeiling ?? true,
		treeCeilingNanoUsd: request.treeCeilingUsd === undefined ? undefined : Math.round(request.treeCeilingUsd * NANO),
		expiresAtMs: request.expiresAt === undefined ? undefined : Date.parse(request.expiresAt),
		rules: changedRules({}, { ...request, allowedTiers: undefined }),
	};
}

async function revoke(members: MemberStore, id: string): Promise<void> {
	if (!(await members.revokeKey(id))) throw new Problem('not-found', `There is no key ${JSON.stringify(id)}. See: innerloop key list`);
}
