/** Brings a call's prompt into its slot: what is known from where it lies, the rest computed, and what others can use kept. */

import type { Token } from 'node-llama-cpp';
import type { Conversation, ToolDefinition } from '../../../protocol/conversation.ts';
import type { ChildRequest } from '../messages.ts';
import { BLOCK_TOKENS } from '../prefix/token-blocks.ts';
import { textOf } from '../prompt/template-messages.ts';
import { type CallPort, type Prepared, promptTokens } from './call-prompt.ts';
import type { ChildEngine } from './child-engine.ts';

/** All but the last token, whose logits begin the reply. @returns how many tokens were found, whole or as a copy */
export async function readPrompt(engine: ChildEngine, request: ChildRequest, port: CallPort, prepared: Prepared): Promise<number> {
	const { prefix, slots, chunks } = engine;
	const { slot, tokens } = prepared;
	const body = tokens.slice(0, -1);
	const digests = prefix.digestsOf(body);
	const headBlocks = Math.floor(sharedHeadTokens(engine, request.conversation, prepared.tools, tokens) / BLOCK_TOKENS);
	if (engine.isTeamText(headText(request.conversation))) prefix.tree.markTeam(digests.slice(0, headBlocks));
	const { memberId: member, affinityKey: key } = request;
	const brought = await prefix.bring(slot, body, digests, member);
	const stops = [headBlocks, brought.knownBlocks, digests.length]
		.map((blocks) => blocks * BLOCK_TOKENS)
		.filter((at) => at > brought.tokens);
	slot.isReading = true;
	try {
		await slot.prefill(body, {
			...port,
			chunkTokens: () => chunks.next(slots.busy === 1, slots.all.filter(({ isReading }) => isReading).length),
			stops: stops.toSorted((a, b) => a - b),
			atStop: (depth) => prefix.keep(slot, depth, digests, { member, key, isHead: depth !== digests.length * BLOCK_TOKENS }),
		});
	} finally {
		slot.isReading = false;
		// Also when it was canceled: what was computed stays.
		prefix.hold(slot, digests);
	}
	return brought.tokens;
}

/** Tokens of system text and tools: what the next conversation of the same client shares with this one. */
function sharedHeadTokens(
	engine: ChildEngine,
	conversation: Conversation,
	tools: readonly ToolDefinition[],
	prompt: readonly Token[],
): number {
	const other = { ...conversation, messages: [...headOf(conversation), { role: 'user', content: [{ type: 'text', text: '?' }] }] } as const;
	const { tokens } = promptTokens(engine, other, tools);
	let at = 0;
	while (at < tokens.length && tokens[at] === prompt[at]) at += 1;
	return at;
}

function headOf({ messages }: Conversation): Conversation['messages'] {
	const turnStart = messages.findIndex(({ role }) => role !== 'system');
	return turnStart < 0 ? messages : messages.slice(0, turnStart);
}

function headText(conversation: Conversation): string {
	return headOf(conversation)
		.map(({ content }) => textOf(content))
		.join('\n\n');
}
