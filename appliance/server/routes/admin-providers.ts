/** Providers and whether they take the box's key; an owner's business. */

import type { FastifyInstance } from 'fastify';
import type { ProviderReport, ProviderTest } from '../../protocol/admin.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { bodyOf } from '../plugins/raw-body.ts';
import { probeProvider } from '../probe-provider.ts';
import { readBody, secretValue } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };

export function addProviderRoutes(app: FastifyInstance, box: Box): void {
	app.get('/innerloop/v1/providers', OWNER, (): { providers: ProviderReport[] } => ({ providers: providersOf(box) }));
	app.post<{ Params: { id: string } }>('/innerloop/v1/providers/:id/test', OWNER, async (request): Promise<ProviderTest> => {
		const { id } = request.params;
		const { deployments, notConfigured } = box.settings();
		const own = deployments.filter(({ provider }) => provider === id);
		const [first] = own;
		if (first === undefined) throw new Problem('not-found', `No deployment uses a provider ${JSON.stringify(id.slice(0, 100))}.`);
		const { value } = bodyOf(request).length > 0 ? readBody(secretValue, request) : {};
		const missing = notConfigured[first.id];
		if (missing !== undefined && value === undefined)
			return { deployment: first.id, isAccepted: false, text: `The box has no key for it: ${missing}.`, tookMs: 0 };
		return await probeProvider(box, own.find(({ tier }) => tier === 'mid') ?? first, value);
	});
}

function providersOf(box: Box): ProviderReport[] {
	const { providers, deployments } = box.settings();
	return Object.values(providers).map(({ id, baseUrl, dialects, keyEnv, missing }) => ({
		id,
		baseUrl,
		dialects,
		keyEnv,
		missing,
		deployments: deployments.flatMap((one) => (one.provider === id ? [one.id] : [])),
	}));
}
