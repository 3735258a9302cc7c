/** The addresses that agents call: one a dialect, and its token count. */

import type { FastifyInstance } from 'fastify';
import { arrive } from '../arrive.ts';
import type { Box } from '../box.ts';

export function addCallRoutes(app: FastifyInstance, box: Box): void {
	app.post('/v1/messages', (request, reply) => arrive(box, request, reply, 'anthropic'));
	app.post('/v1/messages/count_tokens', (request, reply) => arrive(box, request, reply, 'anthropic'));
	app.post('/v1/chat/completions', (request, reply) => arrive(box, request, reply, 'chat-completions'));
	app.post('/v1/responses', (request, reply) => arrive(box, request, reply, 'responses'));
	app.post('/v1/responses/input_tokens', (request, reply) => arrive(box, request, reply, 'responses'));
}
