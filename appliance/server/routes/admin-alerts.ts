/** Which alerts were raised lately, and whether their webhooks took them; an owner's key is needed. */

import type { FastifyInstance } from 'fastify';
import type { AlertsReport } from '../../protocol/admin.ts';
import type { Box } from '../box.ts';

const LISTED_MS = 40 * 86_400_000;

export function addAlertRoutes(app: FastifyInstance, box: Box): void {
	app.get('/innerloop/v1/alerts', { config: { access: 'owner' } }, async (): Promise<AlertsReport> => {
		const rows = await box.store.alerts.since(box.clock.wallMs() - LISTED_MS);
		return { alerts: rows.map(({ state, body }) => ({ state, ...(JSON.parse(body) as { readonly id: string }) })) };
	});
}
