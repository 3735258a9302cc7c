/** How each class of calls stands on its way to the box's own model. */

import type { FastifyInstance } from 'fastify';
import type { EarnedReport } from '../../protocol/earned.ts';
import type { Box } from '../box.ts';

export function addEarnedRoute(app: FastifyInstance, box: Box): void {
	app.get('/innerloop/v1/earned', { config: { access: 'viewer' as const } }, (): EarnedReport => box.earned.report());
}
