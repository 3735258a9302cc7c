/** Writes one reply: text, calls, or text and then calls, as the caller asked and as the model was taught. */

import type { Conversation, ToolDefinition } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import { faultOf } from '../tools/call-validator.ts';
import { judgeDraft, type Speakers } from '../tools/draft-judge.ts';
import type { ReadCall } from '../tools/tool-syntax.ts';
import { type WrittenCalls, writeCalls } from './call-stage.ts';
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
	if (conversation.toolChoice === 'any' || typeof conversation.toolChoice === 'object') return releaseCalls(state, conversation, '');
	if (tools.length === 0 || syntax.isNative) return writeFreely(state, conversation);
	return (await releaseDraft(state, conversation)) ?? (await writeText(state));
}

/** A model that was taught the syntax decides for itself when to call. */
async function writeFreely(state: ReplyState, conversation: Conversation): Promise<ReplyFinish> {
	const outcome = await new TextStage(state, true).run();
	return outcome.type === 'finish' ? outcome.finish : releaseCalls(state, conversation, outcome.before);
}

async function writeText(state: ReplyState): Promise<ReplyFinish> {
	const outcome = await new TextStage(state, false).run();
	if (outcome.type === 'call') throw new Problem('internal', 'A call opened where none may.');
	return outcome.finish;
}

async function releaseCalls(state: ReplyState, conversation: Conversation, before: string): Promise<ReplyFinish> {
	const { tools, capTokens } = state.plan;
	const written = await writeCalls(state, before, callableTools(tools, conversation), capTokens);
	return written === undefined ? { reason: 'length', stopSequence: undefined } : release(state, written);
}

function callableTools(tools: readonly ToolDefinition[], { toolChoice }: Conversation): readonly ToolDefinition[] {
	return typeof toolChoice === 'object' ? tools.filter(({ name }) => name === toolChoice.name) : tools;
}

/**
 * A model that was never taught to call tools does not know when to: it drafts a call first, and the draft is released
 * only when the conversation bears it out. A draft of what was asked for before gets a second try without that tool.
 * @returns undefined when the reply is to be text
 */
async function releaseDraft(state: ReplyState, conversation: Conversation): Promise<ReplyFinish | undefined> {
	const first = await draft(state, state.plan.tools);
	const judged = judgeAll(first, conversation, 'user-and-tools');
	if (first !== undefined && judged.calls !== undefined) return release(state, { ...first, calls: judged.calls });
	const second = first !== undefined && judged.isRepeated ? await draftWithout(state, first) : undefined;
	const { calls } = judgeAll(second, conversation, 'user');
	if (second !== undefined && calls !== undefined) return release(state, { ...second, calls });
	state.tokens.length = 0;
	return undefined;
}

async function draftWithout(state: ReplyState, { calls }: WrittenCalls): ReturnType<typeof writeCalls> {
	const others = state.plan.tools.filter(({ name }) => calls.every((call) => call.name !== name));
	return others.length === 0 ? undefined : draft(state, others);
}

async function draft(state: ReplyState, tools: readonly ToolDefinition[]): ReturnType<typeof writeCalls> {
	state.tokens.length = 0;
	try {
		return await writeCalls(state, '', tools, Math.min(state.plan.capTokens, MOST_DRAFT_TOKENS));
	} catch (error) {
		if (error instanceof Problem) return undefined;
		throw error;
	}
}

/** @returns the calls when all are founded */
function judgeAll(
	written: WrittenCalls | undefined,
	conversation: Conversation,
	speakers: Speakers,
): { readonly calls: readonly ReadCall[] | undefined; readonly isRepeated: boolean } {
	const judgements = (written?.calls ?? []).map((call) => judgeDraft(call, conversation, speakers));
	const founded = judgements.flatMap((judgement) => (judgement.verdict === 'founded' ? [judgement.call] : []));
	// What was left out may be what another argument depends on.
	const calls = founded.filter((call) => faultOf(call, conversation.tools) === undefined);
	const isFounded = calls.length > 0 && calls.length === judgements.length;
	return { calls: isFounded ? calls : undefined, isRepeated: judgements.some(({ verdict }) => verdict === 'repeated') };
}

function release(state: ReplyState, { calls, probabilities }: WrittenCalls): ReplyFinish {
	for (const { name, input } of calls) state.writer.toolCall(name, input, probabilities);
	return { reason: 'tool-calls', stopSequence: undefined };
}
