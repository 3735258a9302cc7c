import { describe, expect, it } from 'vitest';
import { treeKeyOf } from '../../../appliance/router/tree-key.ts';
import { call, claudeCode, key, subagent } from './make-input.ts';

const none = { role: undefined, tier: undefined, deployment: undefined, tree: undefined };
const keyOf = (one: ReturnType<typeof call>, tree?: string) => treeKeyOf(key(), one, { ...none, tree });

describe('treeKeyOf', () => {
	it('is one for a prompt and all its sub-agents', () => {
		const main = keyOf(claudeCode({ signals: { promptId: 'p1' } }));
		expect(keyOf(subagent({ signals: { promptId: 'p1', agentId: 'a7' } }))).toBe(main);
		expect(keyOf(claudeCode({ signals: { promptId: 'p2' } }))).not.toBe(main);
	});

	it('takes the user’s turn where there is no prompt id, and one tree for a session’s sub-agents', () => {
		expect(keyOf(claudeCode({ signals: { userTurnCount: 2 } }))).toBe('k1/session/s1/turn-2');
		expect(keyOf(claudeCode({ signals: { userTurnCount: 2, messageCount: 9 } }))).toBe('k1/session/s1/turn-2');
		expect(keyOf(subagent({ signals: { agentId: 'a1' } }))).toBe('k1/session/s1/sub-agents');
		expect(keyOf(subagent({ signals: { agentId: 'a2', userTurnCount: 5 } }))).toBe('k1/session/s1/sub-agents');
	});

	it('puts a title into the first turn, with however many messages its call quotes the prompt', () => {
		expect(keyOf(claudeCode({ signals: { purpose: 'title', userTurnCount: 2 } }))).toBe('k1/session/s1/turn-1');
	});

	it('puts a compaction into the turn that it interrupts', () => {
		expect(keyOf(claudeCode({ signals: { purpose: 'compaction', userTurnCount: 3 } }))).toBe('k1/session/s1/turn-2');
		expect(keyOf(claudeCode({ signals: { purpose: 'compaction', userTurnCount: 1 } }))).toBe('k1/session/s1/turn-1');
	});

	it('takes our header, else the first words of the user', () => {
		expect(keyOf(call(), 'nightly')).toBe('k1/tree/nightly');
		expect(keyOf(call())).toBe('k1/first/aa');
	});

	it('never reaches into the trees of another key', () => {
		const other = treeKeyOf(key({ id: 'k2' }), call(), { ...none, tree: 'nightly' });
		expect(other).toBe('k2/tree/nightly');
	});

	it('keeps what a caller chose short and printable', () => {
		const wild = keyOf(call(), `a\n\u0000é${'x'.repeat(9_999)}`);
		expect(wild).toMatch(/^k1\/tree\/a___x{124}$/);
	});
});
