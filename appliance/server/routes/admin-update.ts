/** The box's releases: what runs, what is offered, and an owner's wish to change it. The service itself may not write its program. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { UpdateReport } from '../../protocol/admin.ts';
import { Problem } from '../../protocol/problem.ts';
import { readState } from '../../update/update.ts';
import { isRequested, request as leaveRequest, updateRequest } from '../../update/update-request.ts';
import type { Box } from '../box.ts';
import { readBody } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };

export interface UpdateSources {
	readonly dataDir: string;
	/** Where releases lie on a box that was made from the image. */
	readonly releasesRoot: string;
}

const outcome = z.object({ version: z.string(), outcome: z.enum(['applied', 'failed']), reason: z.string().optional() });

export function addUpdateRoutes(app: FastifyInstance, box: Box, sources: UpdateSources): void {
	const report = () => reportOf(box, sources);
	app.get('/innerloop/v1/update', OWNER, report);
	app.post('/innerloop/v1/update', OWNER, async (request, reply) => {
		const wish = readBody(updateRequest, request);
		const state = await report();
		if (!state.isManaged)
			throw new Problem('invalid-call', 'This box was not made from the image: update it the way it was installed (a clone by git pull).');
		if (state.isRequested) throw new Problem('invalid-call', 'A change is under way already. Look again in a minute.');
		if (wish.action !== 'rollback' && !state.hasSource)
			throw new Problem('invalid-call', 'No source of releases is configured: set update.source under Tiers, Configuration.');
		if (wish.action === 'rollback' && state.other === undefined)
			throw new Problem('invalid-call', 'There is no other release on this box to go back to.');
		await leaveRequest(sources.dataDir, wish);
		return reply.code(202).send(await report());
	});
}

async function reportOf(box: Box, { dataDir, releasesRoot }: UpdateSources): Promise<UpdateReport> {
	const hasSource = box.settings().update.source !== undefined;
	if (!existsSync(join(releasesRoot, 'current'))) return { isManaged: false, hasSource, isNewer: false, isRequested: false };
	const { last, ...state } = await readState({ root: releasesRoot });
	return { isManaged: true, hasSource, isRequested: isRequested(dataDir), ...state, last: outcome.safeParse(last).data };
}
