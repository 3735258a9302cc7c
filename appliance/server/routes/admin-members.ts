/** Members and keys; an owner's key is needed. */

import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { KeysReport, MembersReport, NewKeyReport } from '../../protocol/admin.ts';
import type { Member, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { memberBudgets, nanoUsd, newKey, newMember, readBody } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };

export function addMemberRoutes(app: FastifyInstance, { store: { members } }: Box): void {
	app.get('/innerloop/v1/members', OWNER, (): MembersReport => ({ members: members.listMembers() }));
	app.post('/innerloop/v1/members', OWNER, async (request, reply) => {
		const { name, ...budgets } = readBody(newMember, request);
		if (members.listMembers().some((member) => member.name === name))
			throw new Problem('invalid-call', `There is a member ${JSON.stringify(name)} already.`);
		return reply.code(201).send(await members.addMember(name, toNano(budgets)));
	});
	app.patch<{ Params: { id: string } }>('/innerloop/v1/members/:id', OWNER, (request) => {
		const member = memberOf(members, request.params.id);
		return members.setMemberBudgets(member.id, changed(member, readBody(memberBudgets, request)));
	});
}

/** A number sets a budget, null takes it away, a missing one stays. */
function changed(member: Member, { dayUsd, monthUsd }: z.infer<typeof memberBudgets>) {
	const dayNanoUsd = dayUsd === undefined ? member.dayNanoUsd : dayUsd === null ? undefined : nanoUsd(dayUsd);
	const monthNanoUsd = monthUsd === undefined ? member.monthNanoUsd : monthUsd === null ? undefined : nanoUsd(monthUsd);
	return { ...(dayNanoUsd === undefined ? {} : { dayNanoUsd }), ...(monthNanoUsd === undefined ? {} : { monthNanoUsd }) };
}

export function addKeyRoutes(app: FastifyInstance, { store: { members } }: Box): void {
	app.get('/innerloop/v1/keys', OWNER, (): KeysReport => ({ keys: members.listKeys() }));
	app.post('/innerloop/v1/keys', OWNER, async (request, reply) => {
		const { member, treeCeilingUsd, expiresAt, ...rest } = readBody(newKey, request);
		const made: NewKeyReport = await members.addKey({
			...rest,
			memberId: memberOf(members, member).id,
			treeCeilingNanoUsd: treeCeilingUsd === undefined ? undefined : nanoUsd(treeCeilingUsd),
			expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
		});
		return reply.code(201).send(made);
	});
	app.delete<{ Params: { id: string } }>('/innerloop/v1/keys/:id', OWNER, async (request, reply) => {
		const { id } = request.params;
		const owners = members.listKeys().filter((key) => key.isOwner && !key.isRevoked);
		if (owners.length === 1 && owners[0]?.id === id)
			throw new Problem('invalid-call', 'This is the last owner’s key: add another one before you revoke it.');
		if (!(await members.revokeKey(id))) throw new Problem('not-found', `There is no key ${JSON.stringify(id.slice(0, 100))}.`);
		return reply.code(204).send();
	});
}

function memberOf(members: MemberStore, idOrName: string): Member {
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
