/** One try at a cloud deployment of the caller's dialect: the bytes go there and back as they are, and their cost is read in passing. */

import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Dialect, ReplyTap, StreamFilter, UpstreamReply } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { failureOfStatus } from '../router/cooldown.ts';
import { isNamed } from '../router/model-name.ts';
import type { Box } from './box.ts';
import { billBound, billSummary } from './charge.ts';
import type { Try } from './execute.ts';
import { isAboutLogin, mustTellLogin } from './own-login.ts';
import { boxHeaders } from './reply-headers.ts';
import type { Walk } from './walk.ts';

export async function relayFromCloud(box: Box, walk: Walk, turn: Try, deployment: Deployment): Promise<void> {
	if (deployment.isOwnLogin === true) walk.because('execute', 'own-login', OWN_LOGIN, deployment.id);
	const upstream = await send(box, walk, turn, deployment);
	if (upstream.status >= 400) return await passError(box, walk, turn, deployment, upstream);
	box.memory.succeeded(deployment.id);
	await relay(box, walk, turn, deployment, upstream);
}

const OWN_LOGIN = "Sent with the caller's own login: it counts in tokens, not in dollars.";

async function send(box: Box, walk: Walk, turn: Try, deployment: Deployment): Promise<UpstreamReply> {
	const { arrival } = walk;
	const { call } = turn;
	const body = arrival.dialect.splice(arrival.request.body, call, spliceFor(turn, deployment));
	if (walk.isReserved) box.store.ledger.dispatch(arrival.callId);
	box.memory.sent(deployment.id);
	const { path, query, headers } = arrival.request;
	try {
		const { signal } = arrival.reply;
		return await box.cloud.send({ deployment, dialect: call.dialect, path: path + query, headers, body, signal });
	} catch (error) {
		const problem = Problem.from(error, 'upstream-failed');
		if (problem.details.wasSent !== false) billBound(walk, turn, deployment);
		box.memory.broke(deployment.id, problem);
		throw problem;
	}
}

function spliceFor({ call, candidate }: Try, { model }: Deployment) {
	// Of a repeated `model` we read the last; an upstream that reads the first must find the same.
	const isNamed = model === call.model && call.spans.model.length === 1;
	return {
		...(isNamed ? {} : { model }),
		...(candidate.outputCapTokens === undefined ? {} : { outputCapTokens: candidate.outputCapTokens }),
		...(call.dialect === 'chat-completions' && call.isStream ? { includeUsage: true } : {}),
	};
}

/**
 * Errors bill nothing. One that speaks of the deployment rather than of the call sends us to the next candidate; the
 * last candidate's goes through unmodified.
 */
async function passError(box: Box, walk: Walk, turn: Try, deployment: Deployment, upstream: UpstreamReply): Promise<void> {
	const { status, headers } = upstream;
	const retryAfter = headers['retry-after'];
	const isOfLogin = deployment.isOwnLogin === true && isAboutLogin(status);
	if (!isOfLogin) box.memory.refused(deployment.id, status, typeof retryAfter === 'string' ? retryAfter : undefined);
	if (
		!turn.isLast &&
		!mustTellLogin(deployment, status) &&
		(failureOfStatus(status) !== undefined || mayFitAskedModel(status, walk, turn, deployment))
	) {
		await drain(upstream);
		throw new Problem('upstream-failed', `Deployment ${deployment.id} answered ${status}.`, { isRetryable: true, details: { status } });
	}
	walk.because('execute', `upstream-${status}`, `Deployment ${deployment.id} answered ${status}.`, deployment.id);
	if (walk.arrival.reply.hasBegun) throw new Problem('upstream-failed', `Deployment ${deployment.id} answered ${status}.`);
	await pour(walk, upstream);
	walk.arrival.reply.end();
}

/**
 * A client fits its call to the model it names, and another model may refuse what that one takes. So a call that was
 * refused at a deployment of our choice is worth a try at the model it asked for, where that is still to come.
 */
function mayFitAskedModel(status: number, { arrival }: Walk, { call, plan, candidate }: Try, deployment: Deployment): boolean {
	if (status !== 400 || isNamed(deployment, call.model)) return false;
	const later = plan.candidates.slice(plan.candidates.indexOf(candidate) + 1);
	return later.some(({ deployment: id }) => arrival.deployments.some((one) => one.id === id && isNamed(one, call.model)));
}

/** A reply without its dialect's last word is not given a clean end. */
async function relay(box: Box, walk: Walk, turn: Try, deployment: Deployment, upstream: UpstreamReply): Promise<void> {
	const { reply, dialect } = walk.arrival;
	if (turn.call.operation === 'count-tokens') {
		await pour(walk, upstream);
		return reply.end();
	}
	const tap = dialect.createReplyTap(turn.call.isStream);
	let isWhole = false;
	try {
		await pour(walk, upstream, { tap, filter: usageFilter(turn.call, dialect) });
	} catch (error) {
		box.memory.broke(deployment.id, Problem.from(error));
		throw error;
	} finally {
		const summary = tap.summary();
		isWhole = summary.isComplete || summary.hasError;
		billSummary(walk, turn, deployment, summary);
		noteServed(box, walk, turn, deployment);
	}
	if (!isWhole) throw new Problem('upstream-failed', `Deployment ${deployment.id} ended its reply in the middle.`);
	reply.end();
}

/** Where a session was served last, and how large its prompt was there, decides where its next call goes. */
function noteServed(box: Box, { arrival, usage }: Walk, { call, plan }: Try, { id }: Deployment): void {
	box.memory.served({ key: arrival.key, call, body: arrival.request.body, deployment: id, role: plan.role, usage });
}

/** We ask every stream for its usage; who did not ask gets the stream without it. */
const usageFilter = (call: Call, dialect: Dialect): StreamFilter | undefined =>
	call.isStream && call.isUsageWanted !== true ? dialect.createUsageFilter?.() : undefined;

interface Listeners {
	readonly tap?: ReplyTap;
	/** Takes out what the caller did not ask for. */
	readonly filter?: StreamFilter | undefined;
}

/** Bytes to the caller first, to the tap second. */
async function pour(walk: Walk, upstream: UpstreamReply, { tap, filter }: Listeners = {}): Promise<void> {
	const { reply } = walk.arrival;
	walk.isRelay = true;
	walk.hasReleased = true;
	if (!reply.hasBegun) reply.begin(upstream.status, { ...upstream.headers, ...boxHeaders(walk) });
	for await (const chunk of upstream.body) {
		const drained = reply.write(filter === undefined ? chunk : filter.push(chunk));
		tap?.push(chunk);
		if (drained !== undefined) await drained;
	}
	if (filter !== undefined) await reply.write(filter.end());
}

/** Reads a small error body to its end, so that the connection serves again; leaves a long one. */
async function drain(upstream: UpstreamReply): Promise<void> {
	let bytes = 0;
	try {
		for await (const chunk of upstream.body) {
			bytes += chunk.length;
			if (bytes > DRAIN_BYTES) return;
		}
	} catch {
		// The error's body is of no use any more, nor is its connection.
	}
}

const DRAIN_BYTES = 65_536;
