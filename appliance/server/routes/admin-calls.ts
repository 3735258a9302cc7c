/** What became of calls and why; and what would become of one (a dry run, without a call and without a hold). */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallsReport, ExplainReport } from '../../protocol/admin.ts';
import type { Key } from '../../protocol/member.ts';
import type { CallerRequest, CallRecord } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { DialectName } from '../../protocol/words.ts';
import { callerRequest } from '../arrive.ts';
import type { Box } from '../box.ts';
import { explain } from '../explain.ts';
import { keyOf } from '../plugins/authenticate.ts';
import { explainRequest, readBody } from './admin-body.ts';

const MOST_CALLS = 1_000;
const PATHS = { anthropic: '/v1/messages', 'chat-completions': '/v1/chat/completions', responses: '/v1/responses' } as const;

const MEMBER = { config: { access: 'member' as const } };
const VIEWER = { config: { access: 'viewer' as const } };

export function addCallRecordRoutes(app: FastifyInstance, box: Box): void {
	app.get<{ Querystring: { limit?: string } }>('/innerloop/v1/calls', VIEWER, async (request): Promise<CallsReport> => {
		const limit = Number(request.query.limit ?? 50);
		if (!Number.isInteger(limit) || limit < 1 || limit > MOST_CALLS)
			throw new Problem('invalid-call', `limit: a whole number from 1 to ${MOST_CALLS}.`);
		const key = keyOf(request);
		const calls = await box.store.history.recent(limit);
		return { calls: calls.filter((record) => maySee(key, record)) };
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
