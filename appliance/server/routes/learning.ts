/** What callers say of their own calls, and how the mean and the rewards stand. */

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { VERDICTS } from '../../protocol/learning.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { keyOf } from '../plugins/authenticate.ts';
import { readBody } from './admin-body.ts';

const feedbackRequest = z.strictObject({ call: z.string().min(1).max(100), verdict: z.enum(VERDICTS) });
const MOST_REWARDS = 1_000;

export function addLearningRoutes(app: FastifyInstance, box: Box): void {
	app.post('/innerloop/v1/feedback', { config: { access: 'member' as const } }, async (request) => {
		const { call, verdict } = readBody(feedbackRequest, request);
		const key = keyOf(request);
		const record = await box.store.history.find(call);
		// Whose call it is decides, not who owns the box: a verdict changes where everybody's calls go.
		if (record === undefined || record.decision.keyId !== key.id)
			throw new Problem('not-found', `There is no call ${JSON.stringify(call)} of this key in the history.`);
		const { policy } = record.decision;
		if (policy === undefined || record.outcome?.deployment !== policy.arm)
			return { isCounted: false, why: 'No score chose who answered this call.' };
		if (box.learning.feedback(key, call, policy, verdict)) return { isCounted: true };
		throw new Problem('rate-limited', 'This key has said enough for this hour.');
	});
	app.get('/innerloop/v1/learning', { config: { access: 'owner' as const } }, async () => {
		return { mean: box.learning.meanReport(), rewards: await box.store.learning.rewards(MOST_REWARDS) };
	});
}
