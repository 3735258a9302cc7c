/** A cloud model goes on with an answer of which the caller has the beginning, within what was reserved for it. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { RankedCandidate } from '../../protocol/decision.ts';
import type { Deployment } from '../../protocol/deployment.ts';
import { NO_TOKENS } from '../../protocol/limits.ts';
import { Problem } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { type ContinueBy, continuationCap, continuationOf } from '../../router/confidence/continuation.ts';
import { type Begun, PartJoiner } from '../../router/confidence/join-parts.ts';
import { dialectAt } from '../../router/crossing.ts';
import { type Asked, askCloud, isFailed, noteBroken, tokensOf } from '../ask-cloud.ts';
import type { Box } from '../box.ts';
import { billSummary } from '../charge.ts';
import type { Try } from '../execute.ts';
import { noteServed } from '../note-served.ts';
import { refusedTry } from '../refused-try.ts';
import { type Crossing, partsOf, restored } from '../relay-across.ts';
import { pathAt } from '../upstream-path.ts';
import type { Walk } from '../walk.ts';

interface Successor {
	readonly candidate: RankedCandidate;
	readonly deployment: Deployment;
}

/** Those behind the local try that the box pays for: what a caller's own login pays for is never written anew. */
function successors({ arrival }: Walk, { plan, candidate }: Try): readonly Successor[] {
	return plan.candidates.slice(plan.candidates.indexOf(candidate) + 1).flatMap((one) => {
		const deployment = arrival.deployments.find(({ id }) => id === one.deployment);
		const isPaid = deployment !== undefined && deployment.provider !== 'local' && deployment.isOwnLogin !== true;
		return isPaid ? [{ candidate: one, deployment }] : [];
	});
}

/** Whether somebody can take the call over: without that, nothing is gained by doubting. */
export function hasSuccessor(walk: Walk, turn: Try): boolean {
	return turn.plan.isKeptHere !== true && turn.call.operation === 'generate' && successors(walk, turn).length > 0;
}

export function canGoOn(box: Box, walk: Walk, turn: Try, begun: Begun): boolean {
	return successors(walk, turn).some((one) => capOf(box, walk, turn, one, begun) !== undefined);
}

function capOf({ memory }: Box, { arrival }: Walk, { call }: Try, { candidate, deployment }: Successor, begun: Begun): number | undefined {
	const capTokens = candidate.outputCapTokens ?? call.outputCapTokens ?? deployment.maxOutputTokens;
	const reserved = { capTokens, worstNanoUsd: candidate.worstCostNanoUsd };
	const handed = { bytes: Buffer.byteLength(begun.text), tokens: begun.tokens };
	const affinity = memory.affinityOf(arrival.key, call, arrival.request.body);
	return continuationCap(call, deployment, affinity, reserved, handed, arrival.settings.routing);
}

/** Throws the last Problem where nobody can go on; the caller's stream then ends in an error of its dialect. */
export async function* goOn(
	box: Box,
	walk: Walk,
	turn: Try,
	conversation: Conversation,
	begun: Begun,
): AsyncGenerator<StreamPart, void, void> {
	let problem = new Problem('low-confidence', 'The rest of the local answer was not released, and nobody could go on with it.');
	for (const one of successors(walk, turn)) {
		for (const by of waysOf(box, turn, one, begun)) {
			const failed = yield* goOnAt({ box, walk, turn, conversation, begun }, one, by);
			if (failed === undefined) return;
			if (walk.arrival.reply.signal.aborted) throw failed;
			problem = failed;
			walk.because('execute', `${failed.code}-next`, failed.message, one.deployment.id);
		}
	}
	throw problem;
}

/** A dialect without prefill is asked in words; so is a model that refused one. */
function waysOf({ confidence }: Box, { call }: Try, { deployment }: Successor, { text }: Begun): readonly ContinueBy[] {
	const takesPrefill = dialectAt(call, deployment) === 'anthropic' && !confidence.withoutPrefill.has(deployment.id);
	return takesPrefill && text.trim() !== '' ? ['prefill', 'instruction'] : ['instruction'];
}

interface Unfinished {
	readonly box: Box;
	readonly walk: Walk;
	readonly turn: Try;
	readonly conversation: Conversation;
	readonly begun: Begun;
}

/** @returns why it could not, as long as nothing of it was released */
async function* goOnAt(unfinished: Unfinished, one: Successor, by: ContinueBy): AsyncGenerator<StreamPart, Problem | undefined, void> {
	const { box, walk, turn, conversation, begun } = unfinished;
	const { deployment, candidate } = one;
	const cap = capOf(box, walk, turn, one, begun);
	if (cap === undefined) return new Problem('budget-exhausted', `What was reserved for ${deployment.id} does not pay for going on.`);
	const dialect = box.dialects[dialectAt(turn.call, deployment)];
	const { model, lacks = [], vendor } = deployment;
	const continued = continuationOf(restored(box, walk, conversation), begun.text, by);
	const encoded = dialect.encodeCall(continued, { model, outputCapTokens: cap, isStream: true, lacks, vendor });
	if (encoded instanceof Problem) return encoded;
	walk.deployment = deployment;
	const itsTurn: Try = {
		...turn,
		candidate: { ...candidate, outputCapTokens: cap },
		triedKeys: new Set(),
		isPassedOverWhileResting: false,
	};
	const path = pathAt(walk.arrival.settings, deployment, encoded.path);
	const { headers, body } = encoded;
	const asked = await askCloud(box, walk, itsTurn, deployment, { dialect: dialect.name, path, headers, body });
	if (isFailed(asked)) return asked.problem;
	if (asked.upstream.status >= 400) return await refused(unfinished, itsTurn, deployment, by, asked);
	const source = { vendor, idPrefix: walk.arrival.callId };
	const crossing: Crossing = { box, walk, turn: itsTurn, deployment, dialect, encoded, source, visit: asked.visit };
	for (const { code, text } of encoded.losses) walk.because('execute', code, text, deployment.id);
	if (walk.confidence !== undefined) walk.confidence = { ...walk.confidence, to: deployment.id, by };
	return yield* join(crossing, asked, begun);
}

async function refused({ box, walk }: Unfinished, turn: Try, deployment: Deployment, by: ContinueBy, asked: Asked): Promise<Problem> {
	const failed = await refusedTry(box, walk, turn, deployment, asked, async () => {});
	failed.drop();
	asked.visit.leave(NO_TOKENS);
	if (by === 'prefill' && asked.upstream.status === 400) box.confidence.withoutPrefill.add(deployment.id);
	return failed.problem;
}

async function* join(crossing: Crossing, { upstream, visit }: Asked, begun: Begun): AsyncGenerator<StreamPart, Problem | undefined, void> {
	const { box, walk, turn, deployment, dialect } = crossing;
	const tap = dialect.createReplyTap(true);
	const joiner = new PartJoiner(begun);
	let hasReleased = false;
	try {
		for await (const batch of partsOf(crossing, upstream.body, tap)) {
			for (const part of batch) {
				if (part.type === 'error' && !hasReleased) return part.problem;
				const parts = joiner.take(part);
				hasReleased ||= parts.length > 0;
				yield* parts;
			}
		}
		return undefined;
	} catch (error) {
		const problem = Problem.from(error, 'upstream-failed');
		noteBroken(visit, problem);
		if (hasReleased) throw problem;
		return problem;
	} finally {
		billSummary(walk, turn, deployment, tap.summary());
		noteServed(box, walk, turn, deployment, visit);
		visit.leave(tokensOf(walk.usage));
	}
}
