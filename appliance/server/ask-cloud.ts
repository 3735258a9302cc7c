/** One try at a cloud deployment up to its reply's head: limits and key, the ledger's dispatch, the request, and what its failure means. */

import type { Deployment } from '../protocol/deployment.ts';
import { type LimitRefusal, NO_TOKENS, type TokenCount } from '../protocol/limits.ts';
import type { HeaderMap, UpstreamReply } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { Usage } from '../protocol/stream.ts';
import type { DialectName } from '../protocol/words.ts';
import { sayLimit } from '../router/limit-tokens.ts';
import { Visit } from '../router/traffic/visit.ts';
import type { Box } from './box.ts';
import { billBound } from './charge.ts';
import type { Try } from './execute.ts';
import { type FailedTry, failedBy } from './failed-try.ts';
import type { Walk } from './walk.ts';

/** What goes on the wire. */
export interface Question {
	readonly dialect: DialectName;
	readonly path: string;
	readonly headers: HeaderMap;
	readonly body: Uint8Array;
}

/** The visit is to be left when the reply was read to its end, or given up. */
export interface Asked {
	readonly upstream: UpstreamReply;
	readonly visit: Visit;
}

export const isFailed = (result: Asked | FailedTry): result is FailedTry => 'failure' in result;

export async function askCloud(box: Box, walk: Walk, turn: Try, deployment: Deployment, question: Question): Promise<Asked | FailedTry> {
	const visit = enter(box, walk, turn, deployment);
	if (!(visit instanceof Visit)) return visit;
	const { callId, reply } = walk.arrival;
	try {
		if (walk.isReserved) box.store.ledger.dispatch(callId);
		const key = visit.key?.shared.id;
		const upstream = await box.cloud.send({ ...question, deployment, signal: reply.signal, ...(key === undefined ? {} : { key }) });
		return { upstream, visit };
	} catch (error) {
		const problem = Problem.from(error, 'upstream-failed');
		const wasSent = problem.details.wasSent !== false;
		if (wasSent) billBound(walk, turn, deployment);
		noteBroken(visit, problem);
		visit.leave(wasSent ? undefined : NO_TOKENS);
		return failedBy(problem);
	}
}

/** A call that broke off on the way there or back; one that its caller gave up tells nothing of the deployment. */
export function noteBroken(visit: Visit, { code }: Problem): void {
	if (code === 'upstream-timeout') visit.failed('timeout', undefined, false);
	else if (code === 'upstream-failed') visit.failed('connection', undefined, false);
}

/** Counts for the limits; undefined where the upstream did not say. */
export function tokensOf({ inputTokens, outputTokens, ...usage }: Usage): TokenCount | undefined {
	if (inputTokens === undefined || outputTokens === undefined) return undefined;
	const { cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = usage;
	return { tokens: inputTokens + cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens + outputTokens, cacheReadTokens };
}

/** What was free when the call was planned may be taken by now: it is asked again in the turn of the loop in which it is taken. */
function enter(box: Box, walk: Walk, turn: Try, deployment: Deployment): Visit | FailedTry {
	const station = box.memory.station(deployment.id);
	if (deployment.isOwnLogin === true) return new Visit(station, undefined, undefined, box.clock.nowMs);
	if (turn.isPassedOverWhileResting && station.restsUntilMs() > box.clock.nowMs()) {
		return failedBy(new Problem('rate-limited', `Deployment ${deployment.id} began to rest meanwhile.`));
	}
	// Vendors count counting apart.
	const tokens = turn.call.operation === 'count-tokens' ? undefined : (turn.candidate.limitTokens ?? NO_TOKENS);
	const refusal = tokens && station.refusal(tokens);
	if (refusal !== undefined) return failedBy(atLimit(deployment, refusal));
	if (station.keys.length === 0) return new Visit(station, undefined, tokens, box.clock.nowMs);
	const cached = box.memory.cachedKeyOf(walk.arrival.key, turn.call, deployment.id);
	const key = station.chooseKey(tokens ?? NO_TOKENS, cached, turn.triedKeys, box.random());
	if (key === undefined)
		return failedBy(new Problem('rate-limited', `No key of ${deployment.provider} is free.`, { isRetryable: true, retryAfterSeconds: 1 }));
	return new Visit(station, key, tokens, box.clock.nowMs);
}

function atLimit({ id }: Deployment, refusal: LimitRefusal): Problem {
	const [, text] = sayLimit(refusal);
	const wait = Number.isFinite(refusal.waitMs) ? { retryAfterSeconds: Math.ceil(refusal.waitMs / 1000) } : {};
	return new Problem('rate-limited', `${id}: ${text}`, { isRetryable: true, ...wait });
}
