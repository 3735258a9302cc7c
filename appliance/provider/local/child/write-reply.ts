/** Writes one reply: text, calls, or text and then calls, as the caller asked and as the model was taught. */

import type { Conversation } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import { foundedCall } from '../tools/draft-judge.ts';
import { writeCalls } from './call-stage.ts';
import type { ReplyState } from './reply-state.ts';
import { type ReplyFinish, TextStage } from './text-stage.ts';

/** A draft that is not closed by then is no plain look-up, and is dropped. */
const MOST_DRAFT_TOKENS = 192;

export async function writeReply(state: ReplyState, conversation: Conversation): Promise<ReplyFinish> {
	const finish = await writeParts(state, conversation);
	state.writer.close();
	return finish;
}

async function writeParts(state: ReplyState, conversation: Conversation): Promise<ReplyFinish> {
	const { tools, syntax } = state.plan;
	if (conversation.toolChoice === 'any' || typeof conversation.toolChoice === 'object') return releaseCalls(state, '');
	if (tools.length === 0 || syntax.isNative) return writeFreely(state);
	return (await releaseDraft(state, conversation)) ?? (await writeText(state));
}

/** A model that was taught the syntax decides for itself when to call. */
async function writeFreely(state: ReplyState): Promise<ReplyFinish> {
	const outcome = await new TextStage(state, true).run();
	return outcome.type === 'finish' ? outcome.finish : releaseCalls(state, outcome.before);
}

async function writeText(state: ReplyState): Promise<ReplyFinish> {
	const outcome = await new TextStage(state, false).run();
	if (outcome.type === 'call') throw new Problem('internal', 'A call opened where none may.');
	return outcome.finish;
}

async function releaseCalls(state: ReplyState, before: string): Promise<ReplyFinish> {
	const written = await writeCalls(state, before, state.plan.capTokens);
	if (written === undefined) return { reason: 'length', stopSequence: undefined };
	for (const { name, input } of written.calls) state.writer.toolCall(name, input, written.probabilities);
	return { reason: 'tool-calls', stopSequence: undefined };
}

/**
 * A model that was never taught to call tools does not know when to: it drafts a call first, and the draft is released
 * only when the conversation bears it out. Otherwise the reply starts again as text.
 */
async function releaseDraft(state: ReplyState, conversation: Conversation): Promise<ReplyFinish | undefined> {
	const written = await draft(state);
	const calls = written?.calls.map((call) => foundedCall(call, conversation)) ?? [];
	const founded = calls.filter((call) => call !== undefined);
	if (written === undefined || founded.length === 0 || founded.length < calls.length) {
		state.tokens.length = 0;
		return undefined;
	}
	for (const { name, input } of founded) state.writer.toolCall(name, input, written.probabilities);
	return { reason: 'tool-calls', stopSequence: undefined };
}

async function draft(state: ReplyState): ReturnType<typeof writeCalls> {
	try {
		return await writeCalls(state, '', Math.min(state.plan.capTokens, MOST_DRAFT_TOKENS));
	} catch (error) {
		if (error instanceof Problem) return undefined;
		throw error;
	}
}
