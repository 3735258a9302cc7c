/** Tries the plan's candidates in order until one answers. */

import type { Call } from '../protocol/call.ts';
import type { RankedCandidate } from '../protocol/decision.ts';
import type { Plan } from '../protocol/plan.ts';
import { Problem, type ProblemCode } from '../protocol/problem.ts';
import { answerLocally } from './answer-locally.ts';
import type { Box } from './box.ts';
import { relayFromCloud } from './relay-from-cloud.ts';
import type { Walk } from './walk.ts';

/** What another deployment may do better. */
const NEXT_MAY_HELP: ReadonlySet<ProblemCode> = new Set([
	'upstream-failed',
	'upstream-timeout',
	'upstream-overloaded',
	'rate-limited',
	'local-busy',
	'local-failed',
	'context-window-exceeded',
	'not-expressible',
]);

/** One candidate's turn. */
export interface Try {
	readonly call: Call;
	readonly plan: Plan;
	readonly candidate: RankedCandidate;
	/** Nobody comes after it: an upstream's error goes through as it is. */
	readonly isLast: boolean;
}

/** Throws the last candidate's Problem, or the first one that no other candidate can mend. */
export async function execute(box: Box, walk: Walk, call: Call, plan: Plan): Promise<void> {
	const { length } = plan.candidates;
	for (const [index, candidate] of plan.candidates.entries()) {
		const isLast = index === length - 1;
		try {
			return await tryCandidate(box, walk, { call, plan, candidate, isLast });
		} catch (error) {
			const problem = Problem.from(error);
			if (isLast || walk.hasReleased || walk.arrival.reply.signal.aborted || !NEXT_MAY_HELP.has(problem.code)) throw problem;
			walk.because('execute', `${problem.code}-next`, problem.message, candidate.deployment);
		}
	}
	throw new Problem('no-eligible-deployment', 'No deployment can answer this call.');
}

function tryCandidate(box: Box, walk: Walk, turn: Try): Promise<void> {
	const { deployment: id } = turn.candidate;
	const deployment = walk.arrival.deployments.find((one) => one.id === id);
	if (deployment === undefined) throw new Problem('internal', `The plan names deployment ${id}, which the configuration does not have.`);
	walk.deployment = deployment;
	return deployment.provider === 'local' ? answerLocally(box, walk, turn, deployment) : relayFromCloud(box, walk, turn, deployment);
}
