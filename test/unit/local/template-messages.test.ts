/** The order in which a chat template sees a conversation. */

import { expect, test } from 'vitest';
import type { Conversation, Message } from '../../../appliance/protocol/conversation.ts';
import type { TemplateAbilities } from '../../../appliance/provider/local/prompt/chat-template.ts';
import { templateMessages } from '../../../appliance/provider/local/prompt/template-messages.ts';
import { genericSyntax } from '../../../appliance/provider/local/tools/generic-syntax.ts';

const say = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });
const abilities = { hasSystem: true, hasLaterSystem: true, mustAlternate: false } as TemplateAbilities;

function order(...messages: Message[]): string[] {
	const conversation = { messages, tools: [], toolChoice: 'auto' } as unknown as Conversation;
	return templateMessages(conversation, [], genericSyntax, abilities).map(({ role, content }) => `${role}: ${content}`);
}

test('a system message behind the user’s words goes in front of them, so that the words come last', () => {
	expect(order(say('system', 'rules'), say('user', 'fix it'), say('system', 'environment'))).toEqual([
		'system: rules\n\nenvironment',
		'user: fix it',
	]);
});

test('one behind a later turn stays in its turn', () => {
	const turns = [say('user', 'one'), say('assistant', 'two'), say('user', 'three'), say('system', 'reminder')];
	expect(order(say('system', 'rules'), ...turns)).toEqual([
		'system: rules',
		'user: one',
		'assistant: two',
		'system: reminder',
		'user: three',
	]);
});
