/** Providers' keys; an owner is needed. */

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SecretsReport } from '../../protocol/access.ts';
import type { SecretsDesk } from '../secrets-desk.ts';
import { readBody } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };
/** What a header can carry: printable ASCII without blanks. */
const newSecret = z.strictObject({
	value: z
		.string()
		.trim()
		.regex(/^[\x21-\x7e]{8,4096}$/, 'a key of 8 to 4096 printable characters'),
});

export function addSecretRoutes(app: FastifyInstance, secrets: SecretsDesk): void {
	app.get('/innerloop/v1/secrets', OWNER, (): SecretsReport => ({ secrets: secrets.list() }));
	app.put<{ Params: { name: string } }>('/innerloop/v1/secrets/:name', OWNER, async (request, reply) => {
		await secrets.set(request.params.name, readBody(newSecret, request).value);
		return reply.code(204).send();
	});
	app.delete<{ Params: { name: string } }>('/innerloop/v1/secrets/:name', OWNER, async (request, reply) => {
		await secrets.remove(request.params.name);
		return reply.code(204).send();
	});
}
