/** One try at a cloud deployment of the caller's dialect: the bytes go there and back as they are, and their cost is read in passing. */

import { openingError } from '../dialect/refusal-kind.ts';
import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { NO_TOKENS } from '../protocol/limits.ts';
import type { Dialect, ReplySummary, StreamFilter } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { NO_USAGE } from '../protocol/stream.ts';
import { outputClassOf } from '../router/traffic/first-token.ts';
import type { Visit } from '../router/traffic/visit.ts';
import { type Asked, askCloud, isFailed, noteBroken, tokensOf } from './ask-cloud.ts';
import type { Box } from './box.ts';
import { billBound, billSummary } from './charge.ts';
import type { ErrorReply } from './error-reply.ts';
import type { Try } from './execute.ts';
import { type FailedTry, failedBy } from './failed-try.ts';
import { noteServed } from './note-served.ts';
import { type OpenedReply, pour } from './pour.ts';
import { refusedTry } from './refused-try.ts';
import { pathAt } from './upstream-path.ts';
import type { Walk } from './walk.ts';

/** @returns undefined when the caller was served; throws where that broke off */
export async function relayFromCloud(box: Box, walk: Walk, turn: Try, deployment: Deployment): Promise<FailedTry | undefined> {
	if (deployment.isOwnLogin === true) walk.because('execute', 'own-login', OWN_LOGIN, deployment.id);
	const { arrival } = walk;
	const { call } = turn;
	const spliced = arrival.dialect.splice(arrival.request.body, call, spliceFor(turn, deployment));
	const body = arrival.dialect.fitBody(spliced, call, deployment.vendor);
	const { query, headers } = arrival.request;
	const path = pathAt(arrival.settings, deployment, arrival.request.path);
	const asked = await askCloud(box, walk, turn, deployment, { dialect: call.dialect, path: path + query, headers, body });
	if (isFailed(asked)) return asked;
	try {
		if (asked.upstream.status < 400) return await relay(box, walk, turn, deployment, asked);
		return await refusedTry(box, walk, turn, deployment, asked, (error) => pour(walk, openedError(error)));
	} finally {
		asked.visit.leave(asked.upstream.status < 400 ? tokensOf(walk.usage) : NO_TOKENS);
	}
}

const OWN_LOGIN = "Sent with the caller's own login: it counts in tokens, not in dollars.";

const openedError = ({ status, headers, head, rest }: ErrorReply): OpenedReply => ({ status, headers, first: head, rest });

function spliceFor({ call, candidate, plan }: Try, { model, isOwnLogin }: Deployment) {
	// Of a repeated `model` we read the last; an upstream that reads the first must find the same.
	const isNamed = model === call.model && call.spans.model.length === 1;
	return {
		...(isNamed ? {} : { model }),
		...(candidate.outputCapTokens === undefined ? {} : { outputCapTokens: candidate.outputCapTokens }),
		...(plan.withheldTools === undefined || isOwnLogin === true ? {} : { withoutTools: plan.withheldTools }),
		...(call.dialect === 'chat-completions' && call.isStream ? { includeUsage: true } : {}),
	};
}

/** Nothing is released before the reply's first bytes are here: until then another try can take over. */
async function relay(box: Box, walk: Walk, turn: Try, deployment: Deployment, { upstream, visit }: Asked): Promise<FailedTry | undefined> {
	const { call } = turn;
	const rest = upstream.body[Symbol.asyncIterator]();
	const first = await firstBytes(rest, deployment);
	if (first instanceof Problem) {
		billBound(walk, turn, deployment);
		noteBroken(visit, first);
		return failedBy(first);
	}
	const opened = { ...upstream, first, rest };
	const error = call.isStream ? openingError(first) : undefined;
	if (error !== undefined) return openedWithError(walk, turn, deployment, { opened, visit, kind: error });
	visit.succeeded();
	if (call.operation === 'count-tokens') {
		await pour(walk, opened);
	} else {
		visit.began(outputClassOf(call));
		await relayAnswer(box, walk, turn, deployment, { opened, visit });
	}
	walk.arrival.reply.end();
	return undefined;
}

interface Opened {
	readonly opened: OpenedReply;
	readonly visit: Visit;
}

async function firstBytes(body: AsyncIterator<Uint8Array>, { id }: Deployment): Promise<Uint8Array | Problem> {
	try {
		const { done, value } = await body.next();
		if (done !== true) return value;
		return new Problem('upstream-failed', `Deployment ${id} sent an empty reply.`, {
			isRetryable: true,
			details: { deployment: id, wasSent: true },
		});
	} catch (error) {
		return Problem.from(error, 'upstream-failed');
	}
}

/** A stream that begins with its error answers nothing, though its status said 200. */
function openedWithError(
	walk: Walk,
	turn: Try,
	deployment: Deployment,
	{ opened, visit, kind }: Opened & { readonly kind: NonNullable<ReturnType<typeof openingError>> },
): FailedTry {
	billSummary(walk, turn, deployment, NOTHING_SAID);
	if (kind === 'overloaded' || kind === 'server-error') visit.failed(kind, undefined, false);
	return {
		failure: { kind, mayBeBilled: true },
		problem: new Problem('upstream-failed', `Deployment ${deployment.id} began its stream with an error.`, { isRetryable: true }),
		pass: async () => {
			await pour(walk, opened);
			walk.arrival.reply.end();
		},
		drop: () => void opened.rest?.return?.(),
	};
}

const NOTHING_SAID: ReplySummary = { usage: NO_USAGE, finish: undefined, isComplete: false, hasError: true };

/** A reply without its dialect's last word is not given a clean end. */
async function relayAnswer(box: Box, walk: Walk, turn: Try, deployment: Deployment, { opened, visit }: Opened): Promise<void> {
	const { dialect } = walk.arrival;
	const plain = dialect.createReplyTap(turn.call.isStream);
	const tap = box.earned.isOn ? box.earned.listen(walk, plain, dialect) : plain;
	let isWhole = false;
	try {
		await pour(walk, opened, { tap, filter: usageFilter(turn.call, dialect) });
	} catch (error) {
		noteBroken(visit, Problem.from(error));
		throw error;
	} finally {
		const summary = tap.summary();
		isWhole = summary.isComplete || summary.hasError;
		billSummary(walk, turn, deployment, summary);
		noteServed(box, walk, turn, deployment, visit);
	}
	if (!isWhole) throw new Problem('upstream-failed', `Deployment ${deployment.id} ended its reply in the middle.`);
}

/** We ask every stream for its usage; who did not ask gets the stream without it. */
const usageFilter = (call: Call, dialect: Dialect): StreamFilter | undefined =>
	call.isStream && call.isUsageWanted !== true ? dialect.createUsageFilter?.() : undefined;
