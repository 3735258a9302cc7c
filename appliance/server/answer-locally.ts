/** One try at the box's own engine, answered in the caller's dialect. */

import type { Call } from '../protocol/call.ts';
import type { Conversation } from '../protocol/conversation.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { foldStream } from '../protocol/fold-stream.ts';
import type { StreamPart } from '../protocol/stream.ts';
import { layOut } from '../provider/local/prompt/lay-out.ts';
import { isNamed } from '../router/model-name.ts';
import type { Box } from './box.ts';
import { hasSuccessor } from './confidence/go-on.ts';
import { watchAnswer } from './confidence/watch-local.ts';
import type { Try } from './execute.ts';
import { localMark } from './local-mark.ts';
import { boxHeaders } from './reply-headers.ts';
import { streamParts } from './stream-parts.ts';
import { must, type Walk } from './walk.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

export async function answerLocally(box: Box, walk: Walk, turn: Try, deployment: Deployment): Promise<void> {
	const { arrival } = walk;
	const startedMs = box.clock.nowMs();
	const hadCompany = box.engine.status().busySlots > 0;
	const conversation = laidOut(walk, turn.call, deployment, must(arrival.dialect.decodeConversation(arrival.request.body)));
	if (turn.call.operation === 'count-tokens') return await countLocally(box, walk, conversation, turn, deployment);
	const request = localRequest(walk, turn, deployment, conversation);
	const isWatched = box.confidence.isOn && hasSuccessor(walk, turn);
	const parts = noteUsage(walk, isWatched ? watchAnswer(box, walk, turn, deployment, request) : box.engine.answer(request));
	if (turn.call.isStream) await streamParts(walk, turn.call, oneByOne(parts));
	else sendWhole(walk, arrival.dialect.encodeReply(await foldStream(parts), turn.call, Date.parse(arrival.at)));
	if (walk.deployment !== deployment) return; // somebody else went on, and has noted it
	walk.bill(deployment.id, 0, false);
	noteTime(box, walk, turn, { startedMs, hadCompany });
	box.memory.served({
		key: arrival.key,
		call: turn.call,
		body: undefined,
		deployment: deployment.id,
		role: turn.plan.role,
		usage: walk.usage,
	});
}

function laidOut(walk: Walk, { signals }: Call, deployment: Deployment, asked: Conversation): Conversation {
	const isAuxiliary = signals.requestClass === 'auxiliary' || signals.purpose === 'title' || signals.purpose === 'compaction';
	const { conversation, notes } = layOut(asked, isAuxiliary);
	for (const { code, text } of notes) walk.because('execute', code, text, deployment.id);
	return conversation;
}

/** What it took, beside what was expected. */
function noteTime(
	box: Box,
	walk: Walk,
	{ call, plan, candidate }: Try,
	begun: { readonly startedMs: number; readonly hadCompany: boolean },
): void {
	const { inputTokens, cacheReadTokens = 0, outputTokens } = walk.usage;
	if (inputTokens === undefined || outputTokens === undefined) return;
	box.memory.localTimes.note({
		...localMark(walk.arrival.key, call),
		role: plan.role,
		promptTokens: inputTokens + cacheReadTokens,
		foundTokens: cacheReadTokens,
		outputTokens,
		expectedMs: candidate.expectedMs,
		actualMs: box.clock.nowMs() - begun.startedMs,
		hadCompany: begun.hadCompany,
	});
}

export function tellCount(walk: Walk, inputTokens: number): void {
	sendWhole(walk, walk.arrival.dialect.encodeTokenCount(inputTokens));
}

const OWN_COUNT = "Counted by the tokenizer of the box's own model: an estimate for the model that was asked for.";

async function countLocally(box: Box, walk: Walk, conversation: Conversation, { call }: Try, deployment: Deployment): Promise<void> {
	if (!isNamed(deployment, call.model)) walk.because('execute', 'count-estimated', OWN_COUNT, deployment.id);
	tellCount(walk, await box.engine.countTokens(conversation, walk.arrival.reply.signal));
}

function sendWhole(walk: Walk, body: string): void {
	const { reply } = walk.arrival;
	reply.begin(200, { ...JSON_HEADERS, ...boxHeaders(walk) });
	reply.end(body);
}

function localRequest(walk: Walk, { call, plan, candidate }: Try, deployment: Deployment, conversation: Conversation) {
	const { callId, key, reply } = walk.arrival;
	const { sessionId, agentId } = call.signals;
	const wanted = candidate.outputCapTokens ?? call.outputCapTokens ?? deployment.maxOutputTokens;
	return {
		callId,
		memberId: key.memberId,
		affinityKey: sessionId === undefined ? plan.treeKey : `${sessionId}/${agentId ?? ''}`,
		conversation,
		allowedTools: deployment.allowedTools,
		maxOutputTokens: Math.min(wanted, deployment.maxOutputTokens),
		signal: reply.signal,
	};
}

/** The engine gives a part as soon as it is there. */
async function* oneByOne(parts: AsyncIterable<StreamPart>): AsyncGenerator<readonly StreamPart[]> {
	for await (const part of parts) yield [part];
}

async function* noteUsage(walk: Walk, parts: AsyncIterable<StreamPart>): AsyncGenerator<StreamPart> {
	for await (const part of parts) {
		if (part.type === 'finish') walk.usage = part.usage;
		yield part;
	}
}
