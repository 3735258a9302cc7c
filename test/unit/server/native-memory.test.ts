import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../appliance/protocol/conversation.ts';
import type { Key } from '../../../appliance/protocol/member.ts';
import type { ReplyContent } from '../../../appliance/protocol/stream.ts';
import { NativeListener, NativeMemory } from '../../../appliance/server/native-memory.ts';

const keyOf = (id: string) => ({ id }) as Key;
const native = (signature: string) => ({ dialect: 'anthropic' as const, value: { signature } });

const replyOf = (id: string, signature = 's'): readonly ReplyContent[] => [
	{ type: 'thinking', text: 'hm', native: native(signature) },
	{ type: 'tool-call', id, name: 'read', input: {} },
];

const historyOf = (...ids: string[]): Conversation => ({
	messages: ids.map((id) => ({ role: 'assistant' as const, content: [{ type: 'tool-call' as const, id, name: 'read', input: {} }] })),
	tools: [],
	toolChoice: 'auto',
	isParallelToolUseAllowed: true,
	outputCapTokens: undefined,
	temperature: undefined,
	topP: undefined,
	topK: undefined,
	seed: undefined,
	stopSequences: [],
	outputSchema: undefined,
});

const signaturesIn = ({ messages }: Conversation) =>
	messages.map(({ content }) => content.flatMap((one) => (one.type === 'thinking' ? [one.native?.value.signature] : [])).join());

describe('the memory of native reasoning', () => {
	it('puts back what stood in front of a turn’s calls, for the key that it was told to alone', () => {
		const memory = new NativeMemory();
		memory.keep(keyOf('k'), replyOf('a'));
		expect(memory.restore(keyOf('k'), historyOf('a', 'b')).messages[0]?.content).toEqual([
			{ type: 'thinking', text: 'hm', native: native('s') },
			{ type: 'tool-call', id: 'a', name: 'read', input: {} },
		]);
		expect(signaturesIn(memory.restore(keyOf('k'), historyOf('a', 'b')))).toEqual(['s', '']);
		expect(signaturesIn(memory.restore(keyOf('other'), historyOf('a')))).toEqual(['']);
	});

	it('keeps nothing of turns without calls or without anything native', () => {
		const memory = new NativeMemory();
		memory.keep(keyOf('k'), [{ type: 'thinking', text: 'hm', native: native('s') }]);
		memory.keep(keyOf('k'), [{ type: 'tool-call', id: 'a', name: 'read', input: {} }]);
		expect(memory.size).toBe(0);
	});

	it('stays within its bytes and forgets what was used least lately', () => {
		const memory = new NativeMemory(2_500);
		memory.keep(keyOf('k'), replyOf('a', 'x'.repeat(400)));
		memory.keep(keyOf('k'), replyOf('b', 'y'.repeat(400)));
		memory.restore(keyOf('k'), historyOf('a'));
		memory.keep(keyOf('k'), replyOf('c', 'z'.repeat(400)));
		expect(signaturesIn(memory.restore(keyOf('k'), historyOf('a', 'b', 'c'))).map((text) => text[0] ?? '')).toEqual(['x', '', 'z']);
		memory.keep(keyOf('k'), replyOf('d', 'w'.repeat(9_000)));
		expect(memory.size).toBe(2);
	});

	it('hears a stream as it would read its whole', () => {
		const listener = new NativeListener();
		listener.take({ type: 'thinking-start', index: 0 });
		listener.take({ type: 'thinking-delta', index: 0, text: 'h' });
		listener.take({ type: 'thinking-delta', index: 0, text: 'm' });
		listener.take({ type: 'thinking-end', index: 0, native: native('s') });
		listener.take({ type: 'tool-call-start', index: 1, id: 'a', name: 'read' });
		const memory = new NativeMemory();
		memory.keep(keyOf('k'), listener.content());
		expect(signaturesIn(memory.restore(keyOf('k'), historyOf('a')))).toEqual(['s']);
	});
});
