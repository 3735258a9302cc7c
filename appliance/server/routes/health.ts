/** Who asks whether the box is there, alive and ready; none of it needs a key, except the metrics. */

import type { FastifyInstance } from 'fastify';
import type { Box } from '../box.ts';

const OPEN = { config: { access: 'open' as const } };

export function addHealthRoutes(app: FastifyInstance, box: Box): void {
	// Clients probe the address with HEAD or GET before they trust it.
	app.get('/', OPEN, () => ({ name: 'innerloop', healthz: '/healthz', readyz: '/readyz' }));
	app.get('/healthz', OPEN, () => ({ status: 'ok' }));
	app.get('/readyz', OPEN, (_request, reply) => {
		const { isStopping } = box.running;
		return reply.code(isStopping ? 503 : 200).send({ status: isStopping ? 'stopping' : 'ready', engine: box.engine.status().state });
	});
	app.get('/metrics', { config: { access: 'member' } }, async (_request, reply) =>
		reply.type(box.metrics.contentType).send(await box.metrics.text()),
	);
}
