/** The whole text of a trimmed tool result, for whoever reads the trimmed one. */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';

/** Open: an agent's shell often has no key in its environment, and the id, 128 random bits, stands in its own prompt alone. */
export function addOriginalRoute(app: FastifyInstance, box: Box): void {
	app.get<{ Params: { id: string } }>('/innerloop/v1/originals/:id', { config: { access: 'open' } }, async (request, reply) => {
		const found = /^[0-9a-f]{32}$/.test(request.params.id) ? await box.store.diet.original(request.params.id) : undefined;
		if (found === undefined)
			throw new Problem('not-found', 'There is no such text, or it is kept no longer: run the command again to have it.');
		box.store.diet.noteFalse(found.key, 'original-read');
		return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(found.text);
	});
}
