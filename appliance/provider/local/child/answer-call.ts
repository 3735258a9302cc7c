/** One call inside the engine child: prompt, slot, prefill, reply. */

import { randomBytes } from 'node:crypto';
import type { LlamaGrammarEvaluationState, Token } from 'node-llama-cpp';
import type { Conversation, ToolDefinition } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import type { Usage } from '../../../protocol/stream.ts';
import type { ChildRequest } from '../messages.ts';
import { offeredTools, outputCap } from '../prompt/prepare-prompt.ts';
import { ReplyWriter } from '../reply/reply-writer.ts';
import { answerGrammar } from '../tools/argument-rules.ts';
import { type CallPort, type Prepared, promptTokens } from './call-prompt.ts';
import type { ChildEngine } from './child-engine.ts';
import type { FirstTokenBar } from './decode.ts';
import { readPrompt } from './read-prompt.ts';
import { type ReplyPlan, ReplyState } from './reply-state.ts';
import { writeReply } from './write-reply.ts';

/** Tokens of the prompt as it would be sent. */
export function countPrompt(engine: ChildEngine, conversation: Conversation): number {
	return promptTokens(engine, conversation, offeredTools(conversation, undefined)).tokens.length;
}

export async function answerCall(engine: ChildEngine, request: ChildRequest, port: CallPort): Promise<void> {
	const { conversation } = request;
	const tools = offeredTools(conversation, request.allowedTools);
	const { tokens, bytes } = promptTokens(engine, conversation, tools);
	const capTokens = outputCap(tokens.length, request.maxOutputTokens, engine.context.contextSize);
	port.onPromptSize(bytes, tokens.length);
	const slot = engine.slots.take(tokens, request.affinityKey);
	if (slot === undefined) throw new Problem('internal', 'The engine was sent more calls than it has slots.');
	try {
		await answerWith(engine, request, port, { slot, tools, tokens, capTokens });
	} finally {
		// With the reply: the next turn goes on from there.
		engine.prefix.hold(slot, []);
		engine.slots.release(slot);
	}
}

async function answerWith(engine: ChildEngine, request: ChildRequest, port: CallPort, prepared: Prepared): Promise<void> {
	const { conversation } = request;
	const { slot, tokens } = prepared;
	const cached = await readPrompt(engine, request, port, prepared);
	const input = { inputTokens: tokens.length - cached, cacheReadTokens: cached, cacheWriteTokens: 0, cacheWrite1hTokens: 0 };
	const usage = (outputTokens: number): Usage => ({ ...input, outputTokens });
	port.emit({ type: 'start', id: request.callId, model: engine.modelName, usage: usage(0) });
	const state = new ReplyState({
		plan: planOf(engine, conversation, prepared),
		slot,
		vocabulary: engine.vocabulary,
		writer: new ReplyWriter(port.emit, () => `call_${randomBytes(12).toString('hex')}`),
		decode: { sampling: engine.samplingOf(conversation), ...port },
	});
	const { reason, stopSequence } = await writeReply(state, conversation);
	port.emit({ type: 'finish', reason, stopSequence, usage: usage(state.tokens.length) });
}

function planOf(engine: ChildEngine, conversation: Conversation, { tools, tokens, capTokens }: Prepared): ReplyPlan {
	return {
		prompt: tokens,
		capTokens,
		tools,
		syntax: engine.syntax,
		stopSequences: conversation.stopSequences,
		thinkingMarks: engine.thinkingMarks,
		makeAnswerGrammar: answerGrammarOf(engine, conversation),
		makeCallGrammar: (callable) => grammarState(engine, callGrammarOf(engine, conversation, callable)),
		makeBar: (token) => newBar(engine, token),
	};
}

function answerGrammarOf(engine: ChildEngine, { outputSchema }: Conversation): (() => LlamaGrammarEvaluationState) | undefined {
	return outputSchema === undefined ? undefined : () => grammarState(engine, answerGrammar(outputSchema));
}

function callGrammarOf(engine: ChildEngine, conversation: Conversation, tools: readonly ToolDefinition[]): string {
	const { syntax, vocabulary } = engine;
	// A model that was never taught to call tools repeats the same call until it is stopped.
	const mayRepeat = conversation.isParallelToolUseAllowed && syntax.isNative;
	return syntax.grammar(tools, mayRepeat, (text) => vocabulary.controlToken(text));
}

function grammarState(engine: ChildEngine, grammar: string): LlamaGrammarEvaluationState {
	const { library, llama, model } = engine;
	return new library.LlamaGrammarEvaluationState({ model, grammar: new library.LlamaGrammar(llama, { grammar }) });
}

function newBar({ library, model }: ChildEngine, token: Token): FirstTokenBar {
	const bias = new library.TokenBias(model.tokenizer).set(token, 'never');
	return { bias, lift: () => void bias.set(token, 0) };
}
