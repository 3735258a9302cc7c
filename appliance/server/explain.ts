/** The first half of the walk alone: what would be decided about a call, without holding money or sending anything. */

import type { ExplainReport } from '../protocol/admin.ts';
import type { Key } from '../protocol/member.ts';
import type { CallerRequest } from '../protocol/ports.ts';
import type { DialectName } from '../protocol/words.ts';
import type { Box } from './box.ts';
import { digest } from './decode.ts';
import { deploymentsFor } from './own-login.ts';
import { planCallNow } from './plan-walk.ts';
import { decisionOf, must } from './walk.ts';

/** Throws the dialect's Problem where the body is not a call. */
export function explain(box: Box, key: Key, dialect: DialectName, request: CallerRequest): ExplainReport {
	const call = must(box.dialects[dialect].decodeCall(request, digest));
	const settings = box.settings();
	const deployments = deploymentsFor({ settings, key, dialect, headers: request.headers }, box.deployments());
	const { plan } = planCallNow(box, { settings, deployments, key, request }, call);
	const at = new Date(box.clock.wallMs()).toISOString();
	const decision = decisionOf({ callId: 'dry-run', at, key, call, plan, reasons: [] });
	const { problem } = plan;
	return { decision, problem: problem === undefined ? undefined : { code: problem.code, message: problem.message } };
}
