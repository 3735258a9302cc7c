/** The certificate of the box's own authority, for clients that have to be told whom to trust. */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';

export function addAuthorityRoute(app: FastifyInstance, authority: () => string | undefined): void {
	app.get('/innerloop/v1/authority.pem', { config: { access: 'open' } }, (_request, reply) => {
		const pem = authority();
		if (pem === undefined)
			throw new Problem('not-found', 'The box has no authority of its own: it speaks plain HTTP, or by a given certificate.');
		return reply.type('application/x-pem-file').header('content-disposition', 'attachment; filename="innerloop-authority.pem"').send(pem);
	});
}
