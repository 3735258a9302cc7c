/** Members and keys; an owner's key is needed. */

import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { KeysReport, MembersReport, NewKeyReport } from '../../protocol/admin.ts';
import { changedRules, type RulesChange } from '../../protocol/member.ts';
import type { Member, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { keyChange, memberChange, nanoUsd, newKey, newMember, readBody } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };

export function addMemberRoutes(app: FastifyInstance, box: Box): void {
	const { members } = box.store;
	app.get('/innerloop/v1/members', OWNER, (): MembersReport => ({ members: members.listMembers() }));
	app.post('/innerloop/v1/members', OWNER, async (request, reply) => {
		const { name, ...budgets } = readBody(newMember, request);
		if (members.listMembers().some((member) => member.name === name))
			throw new Problem('invalid-call', `There is a member ${JSON.stringify(name)} already.`);
		return reply.code(201).send(await members.addMember(name, toNano(budgets)));
	});
	app.patch<{ Params: { id: string } }>('/innerloop/v1/members/:id', OWNER, async (request) => {
		const member = memberOf(members, request.params.id);
		const { dayUsd, monthUsd, ...rules } = readBody(memberChange, request);
		checkDeployments(box, rules);
		if (Object.keys(rules).length > 0) await members.setMemberRules(member.id, changedRules(member.rules ?? {}, rules));
		return await members.setMemberBudgets(member.id, changed(member, { dayUsd, monthUsd }));
	});
	app.delete<{ Params: { id: string } }>('/innerloop/v1/members/:id', OWNER, async (request, reply) => {
		const { id } = memberOf(members, request.params.id);
		box.access.assertOwnerStays(id);
		await members.removeMember(id);
		return reply.code(204).send();
	});
}

/** A name that leads nowhere would silently shut everything else. */
function checkDeployments(box: Box, { allowedDeployments }: RulesChange): void {
	const known = ['local', ...box.deployments().map(({ id }) => id)];
	const unknown = allowedDeployments?.find((id) => !known.includes(id));
	if (unknown !== undefined)
		throw new Problem('invalid-call', `allowedDeployments: there is no deployment ${JSON.stringify(unknown)}. Known: ${known.join(', ')}.`);
}

/** A number sets a budget, null takes it away, a missing one stays. */
function changed(member: Member, { dayUsd, monthUsd }: Pick<z.infer<typeof memberChange>, 'dayUsd' | 'monthUsd'>) {
	const dayNanoUsd = dayUsd === undefined ? member.dayNanoUsd : dayUsd === null ? undefined : nanoUsd(dayUsd);
	const monthNanoUsd = monthUsd === undefined ? member.monthNanoUsd : monthUsd === null ? undefined : nanoUsd(monthUsd);
	return { ...(dayNanoUsd === undefined ? {} : { dayNanoUsd }), ...(monthNanoUsd === undefined ? {} : { monthNanoUsd }) };
}

export function addKeyRoutes(app: FastifyInstance, box: Box): void {
	const { members } = box.store;
	app.get('/innerloop/v1/keys', OWNER, (): KeysReport => ({ keys: members.listKeys() }));
	app.post('/innerloop/v1/keys', OWNER, async (request, reply) => {
		const { member, isOwner, allowedTiers, mayForce, hasCeiling, treeCeilingUsd, expiresAt, ...rules } = readBody(newKey, request);
		checkDeployments(box, rules);
		const { id: memberId, name } = memberOf(members, member);
		if (box.access.roleOf(memberId) === 'viewer') throw new Problem('invalid-call', `${name} is a viewer, who has no keys.`);
		const made: NewKeyReport = await members.addKey({
			isOwner,
			allowedTiers,
			mayForce,
			hasCeiling,
			rules: changedRules({}, rules),
			memberId,
			treeCeilingNanoUsd: treeCeilingUsd === undefined ? undefined : nanoUsd(treeCeilingUsd),
			expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
		});
		return reply.code(201).send(made);
	});
	app.patch<{ Params: { id: string } }>('/innerloop/v1/keys/:id', OWNER, (request) => {
		const { allowedTiers, ...rules } = readBody(keyChange, request);
		checkDeployments(box, rules);
		const key = members.listKeys().find(({ id }) => id === request.params.id);
		return members.setKeyRules(request.params.id, changedRules(key?.rules ?? {}, rules), allowedTiers);
	});
	app.delete<{ Params: { id: string } }>('/innerloop/v1/keys/:id', OWNER, async (request, reply) => {
		const { id } = request.params;
		if (!(await members.revokeKey(id))) throw new Problem('not-found', `There is no key ${JSON.stringify(id.slice(0, 100))}.`);
		return reply.code(204).send();
	});
}

/** By id or name; throws `not-found`. */
export function memberOf(members: MemberStore, idOrName: string): Member {
	const all = members.listMembers();
	const found = all.find(({ id }) => id === idOrName) ?? all.find(({ name }) => name === idOrName);
	if (found === undefined) throw new Problem('not-found', `There is no member ${JSON.stringify(idOrName.slice(0, 100))}.`);
	return found;
}

function toNano({ dayUsd, monthUsd }: { dayUsd?: number | undefined; monthUsd?: number | undefined }) {
	return {
		...(dayUsd === undefined ? {} : { dayNanoUsd: nanoUsd(dayUsd) }),
		...(monthUsd === undefined ? {} : { monthNanoUsd: nanoUsd(monthUsd) }),
	};
}
