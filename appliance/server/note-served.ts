/** Where a session was served last, and how large its prompt was there, decides where its next call goes. */

import type { Deployment } from '../protocol/deployment.ts';
import type { Visit } from '../router/traffic/visit.ts';
import type { Box } from './box.ts';
import type { Try } from './execute.ts';
import type { Walk } from './walk.ts';

export function noteServed(box: Box, { arrival, usage }: Walk, { call, plan }: Try, { id, model }: Deployment, { key }: Visit): void {
	const providerKey = key?.shared.id;
	const { key: caller, request } = arrival;
	box.memory.served({ key: caller, call, body: request.body, deployment: id, model, providerKey, role: plan.role, usage });
}
