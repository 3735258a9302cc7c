/** What is left of a tool call that an untaught model drafted. */

import { expect, test } from 'vitest';
import type { Conversation, JsonValue, Message } from '../../../appliance/protocol/conversation.ts';
import { judgeDraft } from '../../../appliance/provider/local/tools/draft-judge.ts';

const read = {
	name: 'Read',
	description: 'Reads a file.',
	inputSchema: {
		type: 'object',
		properties: { file_path: { type: 'string' }, limit: { type: 'integer' }, pages: { type: 'string' }, raw: { type: 'boolean' } },
		required: ['file_path'],
	},
};

function judge(input: JsonValue, said = 'Use the Read tool on /home/me/notes.txt', earlier: readonly Message[] = []) {
	const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: said }] }, ...earlier];
	const conversation = { messages, tools: [read], toolChoice: 'auto' } as unknown as Conversation;
	const judgement = judgeDraft({ name: 'Read', input }, conversation, 'user-and-tools');
	return judgement.verdict === 'founded' ? judgement.call.input : undefined;
}

test('a required argument that the user named is kept, optional ones that nobody spoke of are left out', () => {
	expect(judge({ file_path: '/home/me/notes.txt', limit: 1, pages: '); ', raw: true })).toEqual({ file_path: '/home/me/notes.txt' });
});

test('optional arguments that the user named are kept', () => {
	const said = 'Read 20 lines of /home/me/notes.txt, pages 3-5';
	const input = { file_path: '/home/me/notes.txt', limit: 20, pages: '3-5' };
	expect(judge(input, said)).toEqual(input);
	expect(judge({ ...input, limit: 2 }, said)).toEqual({ file_path: '/home/me/notes.txt', pages: '3-5' });
});

test('an invented path drops the call', () => {
	expect(judge({ file_path: '/home/me/other.txt' })).toBeUndefined();
});

test('the same call is not made twice, whatever was left out of it', () => {
	const call: Message = {
		role: 'assistant',
		content: [{ type: 'tool-call', id: '1', name: 'Read', input: { file_path: '/home/me/notes.txt' } }],
	};
	expect(judge({ file_path: '/home/me/notes.txt', limit: 7 }, undefined, [call])).toBeUndefined();
});
