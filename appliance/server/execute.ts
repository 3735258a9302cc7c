/** Tries the plan's candidates until one answers: in order, the same one again where its failure may pass. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from '../protocol/call.ts';
import type { RankedCandidate } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Plan } from '../protocol/plan.ts';
import { Problem } from '../protocol/problem.ts';
import { isCrossing } from '../router/crossing.ts';
import { afterFailure, type Step } from '../router/retry.ts';
import { answerLocally, tellCount } from './answer-locally.ts';
import type { Box } from './box.ts';
import { type FailedTry, failedBy } from './failed-try.ts';
import { relayAcross } from './relay-across.ts';
import { relayFromCloud } from './relay-from-cloud.ts';
import type { Walk } from './walk.ts';

/** One candidate's turn. */
export interface Try {
	readonly call: Call;
	readonly plan: Plan;
	readonly candidate: RankedCandidate;
	/** Keys of its provider that were refused in this call. */
	readonly triedKeys: ReadonlySet<string>;
	/** Somebody else can take the call where this one began to rest since it was planned. */
	readonly isPassedOverWhileResting: boolean;
}

interface Course {
	readonly index: number;
	/** At this candidate. */
	readonly repeats: number;
	readonly triedKeys: ReadonlySet<string>;
}

const NO_KEYS: ReadonlySet<string> = new Set();

/** Throws the last Problem, or the first one that nobody can mend. */
export async function execute(box: Box, walk: Walk, call: Call, plan: Plan): Promise<void> {
	if (plan.estimatedInputTokens !== undefined) return tellCount(walk, plan.estimatedInputTokens);
	let course: Course = { index: 0, repeats: 0, triedKeys: NO_KEYS };
	for (;;) {
		const turn = turnOf(call, plan, course);
		const failed = await tryCandidate(box, walk, turn);
		if (failed === undefined) return;
		const step = nextStep(box, walk, turn, course, failed);
		if (step.type === 'stop') return await failed.pass();
		failed.drop();
		course = follow(walk, turn, course, failed, step);
		if (step.type === 'again' && step.delayMs > 0) await wait(walk, step.delayMs);
	}
}

function turnOf(call: Call, plan: Plan, { index, repeats, triedKeys }: Course): Try {
	const candidate = plan.candidates[index];
	if (candidate === undefined) throw new Problem('no-eligible-deployment', 'No deployment can answer this call.');
	const isFirst = repeats === 0 && triedKeys.size === 0;
	const isPassedOverWhileResting = isFirst && index < plan.candidates.length - 1 && !plan.reasons.some(isResting);
	return { call, plan, candidate, triedKeys, isPassedOverWhileResting };
}

const isResting = ({ code }: { readonly code: string }) => code === 'resting-but-only';

async function tryCandidate(box: Box, walk: Walk, turn: Try): Promise<FailedTry | undefined> {
	const deployment = deploymentOf(walk, turn.candidate);
	// The router offers none elsewhere; that text stays here must not hang on one place alone.
	if (turn.plan.isKeptHere === true && deployment.provider !== 'local')
		throw new Problem('internal', 'A call that a data rule keeps here was about to leave.');
	walk.deployment = deployment;
	try {
		if (deployment.provider !== 'local') {
			return await (isCrossing(turn.call, deployment) ? relayAcross : relayFromCloud)(box, walk, turn, deployment);
		}
		await answerLocally(box, walk, turn, deployment);
		return undefined;
	} catch (error) {
		const problem = Problem.from(error);
		if (walk.hasReleased) throw problem;
		return failedBy(problem);
	}
}

function deploymentOf(walk: Walk, { deployment: id }: RankedCandidate): Deployment {
	const deployment = walk.arrival.deployments.find((one) => one.id === id);
	if (deployment === undefined) throw new Problem('internal', `The plan names deployment ${id}, which the configuration does not have.`);
	return deployment;
}

const STOP: Step = { type: 'stop' };

function nextStep(box: Box, walk: Walk, { plan, candidate }: Try, { index, repeats }: Course, { failure }: FailedTry): Step {
	const { arrival } = walk;
	if (walk.hasReleased || arrival.reply.signal.aborted) return STOP;
	const { retries, routing } = arrival.settings;
	const later = plan.candidates.slice(index + 1);
	return afterFailure(
		{
			failure,
			repeats,
			contextTokens: windowOf(deploymentOf(walk, candidate)),
			later: later.map((one) => ({
				contextTokens: windowOf(deploymentOf(walk, one)),
				takesRefusedContent: routing.contentPolicyFallbacks?.includes(one.deployment) ?? false,
			})),
			canPayRepeat: canPayRepeat(walk, plan, candidate, later),
			random: box.random(),
		},
		retries,
	);
}

const windowOf = ({ contextTokens, maxInputTokens }: Deployment) => maxInputTokens ?? contextTokens;

/** The hold has room for one more bill of this candidate, beside those of the candidates behind it. */
function canPayRepeat(
	{ isReserved, settlement }: Walk,
	plan: Plan,
	candidate: RankedCandidate,
	later: readonly RankedCandidate[],
): boolean {
	if (!isReserved) return candidate.worstCostNanoUsd === 0;
	const needed = [candidate, ...later].reduce((sum, { worstCostNanoUsd }) => sum + worstCostNanoUsd, settlement?.costNanoUsd ?? 0);
	return needed <= plan.reservationNanoUsd;
}

function follow(
	walk: Walk,
	{ candidate }: Try,
	course: Course,
	{ problem, keyId }: FailedTry,
	step: Exclude<Step, { type: 'stop' }>,
): Course {
	const { deployment } = candidate;
	if (step.type === 'next') {
		walk.because('execute', `${problem.code}-next`, problem.message, deployment);
		return { index: course.index + step.skip, repeats: 0, triedKeys: NO_KEYS };
	}
	if (!step.isRepeat) {
		walk.because('execute', 'other-key', `${problem.message} The key ${keyId} is set aside, and another one takes over.`, deployment);
		return { ...course, triedKeys: new Set([...course.triedKeys, ...(keyId === undefined ? [] : [keyId])]) };
	}
	const text = `${problem.message} It is asked again after ${step.delayMs} ms.`;
	walk.because('execute', 'repeated', text, deployment);
	return { ...course, repeats: course.repeats + 1 };
}

/** Ends early when the caller goes away or the call's time is up. */
async function wait(walk: Walk, ms: number): Promise<void> {
	const { signal } = walk.arrival.reply;
	try {
		await pause(ms, undefined, { signal });
	} catch {
		throw Problem.from(signal.reason, 'canceled');
	}
}
