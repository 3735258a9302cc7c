/** One try at a cloud deployment of another dialect: the call is written anew for it, its answer in the caller's words. */

import { CallRestorer, restoreReply } from '../dialect/restore-calls.ts';
import type { Conversation } from '../protocol/conversation.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { NO_TOKENS } from '../protocol/limits.ts';
import type { Dialect, EncodedCall, ReplySource, ReplyTap } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { Reply, StreamPart } from '../protocol/stream.ts';
import { dialectAt } from '../router/crossing.ts';
import { outputClassOf } from '../router/traffic/first-token.ts';
import type { Visit } from '../router/traffic/visit.ts';
import { type Asked, askCloud, isFailed, noteBroken, tokensOf } from './ask-cloud.ts';
import type { Box } from './box.ts';
import { billSummary } from './charge.ts';
import type { ErrorReply } from './error-reply.ts';
import type { Try } from './execute.ts';
import { type FailedTry, failedBy } from './failed-try.ts';
import { NativeListener } from './native-memory.ts';
import { noteServed } from './note-served.ts';
import { refusedTry } from './refused-try.ts';
import { boxHeaders } from './reply-headers.ts';
import { streamParts } from './stream-parts.ts';
import { pathAt } from './upstream-path.ts';
import { must, type Walk } from './walk.ts';

/** Everything that a step of this try needs. */
export interface Crossing {
	readonly box: Box;
	readonly walk: Walk;
	readonly turn: Try;
	readonly deployment: Deployment;
	/** The upstream's. */
	readonly dialect: Dialect;
	readonly encoded: EncodedCall;
	readonly source: ReplySource;
	readonly visit: Visit;
}

/** @returns undefined when the caller was served; throws where that broke off */
export async function relayAcross(box: Box, walk: Walk, turn: Try, deployment: Deployment): Promise<FailedTry | undefined> {
	const dialect = box.dialects[dialectAt(turn.call, deployment)];
	const encoded = encodeFor(box, walk, turn, deployment, dialect);
	if (encoded instanceof Problem) return failedBy(encoded);
	const path = pathAt(walk.arrival.settings, deployment, encoded.path);
	const { headers, body } = encoded;
	const asked = await askCloud(box, walk, turn, deployment, { dialect: dialect.name, path, headers, body });
	if (isFailed(asked)) return asked;
	const source = { vendor: deployment.vendor, idPrefix: walk.arrival.callId };
	const crossing: Crossing = { box, walk, turn, deployment, dialect, encoded, source, visit: asked.visit };
	const isAnswer = asked.upstream.status < 400;
	try {
		if (isAnswer) return await translate(crossing, asked);
		return await refusedTry(box, walk, turn, deployment, asked, (error) => Promise.reject(problemOf(dialect, error)));
	} finally {
		asked.visit.leave(isAnswer ? tokensOf(walk.usage) : NO_TOKENS);
	}
}

function encodeFor(box: Box, walk: Walk, { call, candidate }: Try, deployment: Deployment, dialect: Dialect): EncodedCall | Problem {
	const { arrival } = walk;
	const { model, maxOutputTokens, lacks = [], vendor } = deployment;
	const conversation = restored(box, walk, must(arrival.dialect.decodeConversation(arrival.request.body)));
	const outputCapTokens = candidate.outputCapTokens ?? call.outputCapTokens ?? maxOutputTokens;
	return dialect.encodeCall(conversation, { model, outputCapTokens, isStream: call.isStream, lacks, vendor });
}

/** With what only its vendor can read, where the caller's dialect has no place to bring it back. */
export function restored({ natives }: Box, { arrival }: Walk, conversation: Conversation): Conversation {
	return arrival.dialect.name === 'chat-completions' ? natives.restore(arrival.key, conversation) : conversation;
}

const decoder = new TextDecoder();

function problemOf(dialect: Dialect, error: ErrorReply): Problem {
	return dialect.decodeProblem(error.status, decoder.decode(error.head), error.header('retry-after'));
}

/** Nothing is released before the answer's first content is here: until then another try can take over. */
async function translate(crossing: Crossing, { upstream }: Asked): Promise<FailedTry | undefined> {
	const { box, walk, turn, deployment, dialect, encoded, visit } = crossing;
	for (const { code, text } of encoded.losses) walk.because('execute', code, text, deployment.id);
	const plain = dialect.createReplyTap(turn.call.isStream);
	// Where tools go by other names on this wire, the answer is not comparable as it stands.
	const tap = box.earned.isOn && encoded.tools.size === 0 ? box.earned.listen(walk, plain, dialect) : plain;
	try {
		if (turn.call.isStream) await streamParts(walk, turn.call, partsOf(crossing, upstream.body, tap));
		else sendWhole(crossing, await readWhole(crossing, upstream.body, tap));
		return undefined;
	} catch (error) {
		const problem = Problem.from(error, 'upstream-failed');
		if (problem.code === 'upstream-overloaded') visit.failed('overloaded', undefined, false);
		else noteBroken(visit, problem);
		if (walk.hasReleased) throw problem;
		return failedBy(sentOnce(problem));
	} finally {
		billSummary(walk, turn, deployment, tap.summary());
		noteServed(box, walk, turn, deployment, visit);
	}
}

/** The upstream has seen the call and may bill it, so a repetition needs money of its own. */
const sentOnce = ({ code, message, isRetryable, retryAfterSeconds, details, cause }: Problem): Problem =>
	new Problem(code, message, {
		isRetryable,
		...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
		details: { wasSent: true, ...details },
		cause,
	});

export async function* partsOf(crossing: Crossing, body: AsyncIterable<Uint8Array>, tap: ReplyTap): AsyncGenerator<readonly StreamPart[]> {
	const { box, walk, dialect, encoded, source } = crossing;
	const decoder = dialect.createStreamDecoder(source);
	const restorer = new CallRestorer(encoded.tools);
	const listener = new NativeListener();
	let hasBegun = false;
	const began = () => {
		hasBegun = true;
		noteBegun(crossing);
	};
	const hear = (parts: readonly StreamPart[]): readonly StreamPart[] => {
		const restored = encoded.tools.size === 0 ? parts : parts.flatMap((one) => restorer.take(one));
		for (const part of restored) {
			listener.take(part);
			if (!hasBegun && part.type !== 'start' && part.type !== 'error') began();
			if (part.type === 'finish') remember(box, walk, listener.content());
		}
		return restored;
	};
	for await (const chunk of body) {
		tap.push(chunk);
		yield hear(decoder.push(chunk));
	}
	yield hear(decoder.end());
}

/** A longer whole reply than any model writes. */
const REPLY_BYTES = 32 * 1024 * 1024;

async function readWhole(
	{ dialect, encoded, source, deployment }: Crossing,
	body: AsyncIterable<Uint8Array>,
	tap: ReplyTap,
): Promise<Reply> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of body) {
		tap.push(chunk);
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > REPLY_BYTES) throw new Problem('upstream-failed', `Deployment ${deployment.id} sent a reply without end.`);
	}
	return restoreReply(must(dialect.decodeReply(Buffer.concat(chunks).toString('utf8'), source)), encoded.tools);
}

function sendWhole(crossing: Crossing, reply: Reply): void {
	const { box, walk, turn } = crossing;
	const { arrival } = walk;
	noteBegun(crossing);
	remember(box, walk, reply.content);
	const body = arrival.dialect.encodeReply(reply, turn.call, Date.parse(arrival.at));
	walk.hasReleased = true;
	if (!arrival.reply.hasBegun) arrival.reply.begin(200, { 'content-type': 'application/json', ...boxHeaders(walk) });
	arrival.reply.end(body);
}

function noteBegun({ turn, visit }: Crossing): void {
	visit.succeeded();
	visit.began(outputClassOf(turn.call));
}

/** Only this dialect gives its callers nothing to carry it in. */
function remember(box: Box, { arrival }: Walk, content: Reply['content']): void {
	if (arrival.dialect.name === 'chat-completions') box.natives.keep(arrival.key, content);
}
