/** Accounts, pairing codes and the audit log; an owner is needed. */

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ACCOUNT_ROLES, type AccountChangeRequest, type AuditReport, type NewPairingCodeRequest } from '../../protocol/access.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { readBody, readQuery } from './admin-body.ts';
import { memberOf } from './admin-members.ts';

const OWNER = { config: { access: 'owner' as const } };
const MOST_MINUTES = 7 * 24 * 60;
const MOST_ENTRIES = 1_000;

const accountChange: z.ZodType<AccountChangeRequest> = z.strictObject({ role: z.enum(ACCOUNT_ROLES) });
const newCode: z.ZodType<Required<NewPairingCodeRequest>> = z.strictObject({
	member: z.string().min(1).max(100),
	minutes: z.number().int().min(1).max(MOST_MINUTES).default(60),
});
const auditQuery = z.strictObject({
	limit: z.coerce.number().int().min(1).max(MOST_ENTRIES).default(100),
	before: z.coerce.number().int().min(1).optional(),
});

export function addAccountRoutes(app: FastifyInstance, { access, store }: Box): void {
	app.get('/innerloop/v1/accounts', OWNER, () => ({ accounts: access.accounts() }));
	app.patch<{ Params: { id: string } }>('/innerloop/v1/accounts/:id', OWNER, (request) =>
		access.setRole(memberOf(store.members, request.params.id).id, readBody(accountChange, request).role),
	);
	app.delete<{ Params: { id: string } }>('/innerloop/v1/accounts/:id', OWNER, async (request, reply) => {
		await access.removeAccount(memberOf(store.members, request.params.id).id);
		return reply.code(204).send();
	});
}

export function addPairingCodeRoutes(app: FastifyInstance, { access, store }: Box): void {
	const { codes } = access;
	app.get('/innerloop/v1/pairing/codes', OWNER, () => ({ codes: codes.list() }));
	app.post('/innerloop/v1/pairing/codes', OWNER, async (request, reply) => {
		const { member, minutes } = readBody(newCode, request);
		return reply.code(201).send(await codes.make(memberOf(store.members, member), minutes));
	});
	app.delete<{ Params: { slot: string } }>('/innerloop/v1/pairing/codes/:slot', OWNER, async (request, reply) => {
		if (!(await codes.remove(request.params.slot))) throw new Problem('not-found', 'There is no such code.');
		return reply.code(204).send();
	});
}

export function addAuditRoutes(app: FastifyInstance, { store }: Box): void {
	app.get('/innerloop/v1/audit', OWNER, async (request): Promise<AuditReport> => {
		const { limit, before } = readQuery(auditQuery, request.query);
		return { entries: await store.access.auditTrail(limit, before) };
	});
}
