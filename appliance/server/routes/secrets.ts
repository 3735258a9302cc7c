/** Providers' keys; an owner is needed. */

import type { FastifyInstance } from 'fastify';
import type { SecretsReport } from '../../protocol/access.ts';
import type { SecretsDesk } from '../secrets-desk.ts';
import { readBody, secretValue } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };
export function addSecretRoutes(app: FastifyInstance, secrets: SecretsDesk): void {
	app.get('/innerloop/v1/secrets', OWNER, (): SecretsReport => ({ secrets: secrets.list() }));
	app.put<{ Params: { name: string } }>('/innerloop/v1/secrets/:name', OWNER, async (request, reply) => {
		await secrets.set(request.params.name, readBody(secretValue, request).value);
		return reply.code(204).send();
	});
	app.delete<{ Params: { name: string } }>('/innerloop/v1/secrets/:name', OWNER, async (request, reply) => {
		await secrets.remove(request.params.name);
		return reply.code(204).send();
	});
}
