/** Tells the caller what went wrong: an envelope while nothing was sent, the stream's last event afterwards. */

import { Problem } from '../protocol/problem.ts';
import type { Box } from './box.ts';
import { boxHeaders } from './reply-headers.ts';
import type { Walk } from './walk.ts';

export function refuse(box: Box, walk: Walk, error: unknown): void {
	const { reply, dialect, callId } = walk.arrival;
	const problem = Problem.from(error);
	walk.problem = problem;
	if (problem.code === 'internal') box.log.error({ callId, err: error }, 'a call failed inside the box');
	if (reply.hasBegun) reply.cut(walk.isRelay ? '' : dialect.encodeStreamProblem(problem, callId));
	else sendEnvelope(walk, problem);
}

function sendEnvelope(walk: Walk, problem: Problem): void {
	const { reply, dialect, callId } = walk.arrival;
	const wire = dialect.encodeProblem(problem, callId);
	reply.begin(wire.status, { ...wire.headers, ...boxHeaders(walk) });
	reply.end(wire.body);
}
