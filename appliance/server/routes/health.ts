/** Who asks whether the box is there, alive and ready; none of it needs a key, except the metrics. */

import type { FastifyInstance } from 'fastify';
import type { EngineStatus } from '../../protocol/ports.ts';
import type { Box } from '../box.ts';

const OPEN = { config: { access: 'open' as const } };

interface Condition {
	readonly isStopping: boolean;
	readonly ledgerFailure: string | undefined;
	readonly clockFault?: string | undefined;
	readonly engine: EngineStatus['state'];
}

/** Without its ledger, or by a clock that cannot be believed, the box spends no money, so it takes no cloud calls. */
export function readinessOf({
	isStopping,
	ledgerFailure,
	clockFault,
	engine,
}: Condition): 'stopping' | 'starting' | 'no-ledger' | 'no-clock' | 'ready' {
	if (isStopping) return 'stopping';
	if (ledgerFailure !== undefined) return 'no-ledger';
	if (clockFault !== undefined) return 'no-clock';
	return engine === 'starting' ? 'starting' : 'ready';
}

/** Ready is the box once all that is configured is up: it serves cloud calls before, while its own model is still loading. */
export function addHealthRoutes(app: FastifyInstance, box: Box): void {
	// Clients probe the address with HEAD or GET before they trust it.
	app.get('/', OPEN, (request, reply) => {
		// A person's browser asks for a page; whoever asks for nothing in particular is a program.
		if (String(request.headers.accept ?? '').includes('text/html')) return reply.redirect('/admin/', 302);
		return { name: 'innerloop', healthz: '/healthz', readyz: '/readyz', page: '/admin/' };
	});
	app.get('/healthz', OPEN, () => ({ status: 'ok' }));
	app.get('/readyz', OPEN, (_request, reply) => {
		const engine = box.engine.status().state;
		const { failure: ledgerFailure, clockFault } = box.store.stats();
		const status = readinessOf({ isStopping: box.running.isStopping, ledgerFailure, clockFault, engine });
		return reply.code(status === 'ready' ? 200 : 503).send({ status, engine, ...(clockFault === undefined ? {} : { clock: clockFault }) });
	});
	app.get('/metrics', { config: { access: 'viewer' } }, async (_request, reply) =>
		reply.type(box.metrics.contentType).send(await box.metrics.text()),
	);
}
