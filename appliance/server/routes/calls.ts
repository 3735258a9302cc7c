/** The addresses that agents call: one a dialect, and its token count. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import { arrive } from '../arrive.ts';
import type { Box } from '../box.ts';

export function addCallRoutes(app: FastifyInstance, box: Box): void {
	app.post('/v1/messages', (request, reply) => arrive(box, request, reply, 'anthropic'));
	app.post('/v1/messages/count_tokens', (request, reply) => arrive(box, request, reply, 'anthropic'));
	app.post('/v1/chat/completions', (request, reply) => arrive(box, request, reply, 'chat-completions'));
	app.post('/v1/responses', (request, reply) => arrive(box, request, reply, 'responses'));
	app.post('/v1/responses/compact', (request, reply) => arrive(box, request, reply, 'responses'));
	app.post('/v1/responses/input_tokens', (request, reply) => arrive(box, request, reply, 'responses'));
	app.get('/v1/responses', refuseUpgrade);
}

/** Codex tries a WebSocket first. To 426 alone it falls back at once; after 404, 405 and 501 it tries six times more, 400 ends its session. */
function refuseUpgrade({ headers }: FastifyRequest): never {
	if (headers.upgrade === undefined) throw new Problem('method-not-allowed', '/v1/responses takes POST, not GET.');
	throw new Problem('upgrade-refused', 'The box does not speak WebSocket: send the call as POST /v1/responses.');
}
