/** What became of calls and why; and what would become of one (a dry run, without a call and without a hold). */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallsReport, ExplainReport } from '../../protocol/admin.ts';
import type { Key } from '../../protocol/member.ts';
import type { CallerRequest, CallRecord } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { type DialectName, ROLES, TIERS } from '../../protocol/words.ts';
import { callerRequest } from '../arrive.ts';
import type { Box } from '../box.ts';
import { explain } from '../explain.ts';
import { keyOf } from '../plugins/authenticate.ts';
import { explainRequest, readBody, readQuery } from './admin-body.ts';

const MOST_CALLS = 1_000;

const callsQuery = z.strictObject({
	limit: z.coerce.number().int().min(1).max(MOST_CALLS).default(50),
	before: z.coerce.number().int().positive().optional(),
	member: z.string().min(1).max(100).optional(),
	role: z.enum(ROLES).optional(),
	tier: z.enum(TIERS).optional(),
	result: z.enum(['ok', 'failed']).optional(),
	q: z.string().trim().min(1).max(200).optional(),
});
const PATHS = { anthropic: '/v1/messages', 'chat-completions': '/v1/chat/completions', responses: '/v1/responses' } as const;

const MEMBER = { config: { access: 'member' as const } };
const VIEWER = { config: { access: 'viewer' as const } };

export function addCallRecordRoutes(app: FastifyInstance, box: Box): void {
	app.get('/innerloop/v1/calls', VIEWER, async (request): Promise<CallsReport> => {
		const { limit, before, member, role, tier, result, q } = readQuery(callsQuery, request.query);
		const key = keyOf(request);
		const deployments = tier && box.deployments().flatMap((one) => (one.tier === tier ? [one.id] : []));
		const filter = { before, role, deployments, result, text: q, member: key.isOwner ? member : key.memberName };
		return await box.store.history.search(filter, limit);
	});
	for (const path of ['/innerloop/v1/calls/:id', '/innerloop/v1/explain/:id'])
		app.get<{ Params: { id: string } }>(path, VIEWER, (request) => find(box, keyOf(request), request.params.id));
}

async function find(box: Box, key: Key, id: string): Promise<CallRecord> {
	const record = await box.store.history.find(id);
	if (record === undefined || !maySee(key, record))
		throw new Problem('not-found', `There is no call ${JSON.stringify(id.slice(0, 100))} in the history.`);
	return record;
}

/** A member sees their own calls, an owner everybody's. */
const maySee = (key: Key, { decision }: CallRecord): boolean => key.isOwner || decision.member === key.memberName;

export function addExplainRoutes(app: FastifyInstance, box: Box): void {
	app.post('/innerloop/v1/explain', MEMBER, (request): ExplainReport => {
		const { dialect, headers, body } = readBody(explainRequest, request);
		const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
		return explain(box, keyOf(request), dialect, { path: PATHS[dialect], query: '', headers: lowerCase(headers), body: bytes });
	});
	const prefix = '/innerloop/v1/explain';
	const same = (dialect: DialectName) => (request: FastifyRequest) =>
		explain(box, keyOf(request), dialect, withoutPrefix(callerRequest(request), prefix));
	app.post(`${prefix}/v1/messages`, MEMBER, same('anthropic'));
	app.post(`${prefix}/v1/chat/completions`, MEMBER, same('chat-completions'));
	app.post(`${prefix}/v1/responses`, MEMBER, same('responses'));
}

const withoutPrefix = (request: CallerRequest, prefix: string): CallerRequest => ({ ...request, path: request.path.slice(prefix.length) });

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
