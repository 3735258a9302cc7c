import { describe, expect, it } from 'vitest';
import type { Call } from '../../../appliance/protocol/call.ts';
import type { Role } from '../../../appliance/protocol/words.ts';
import { readModelName } from '../../../appliance/router/model-name.ts';
import { classifyRole, ROLE_RULES } from '../../../appliance/router/role.ts';
import { call, claudeCode, subagent, TEAM } from './make-input.ts';

const sdk = (model: string, part: Parameters<typeof call>[0] = {}) => call({ model, ...part });

const TABLE: readonly [code: string, role: Role, call: Call][] = [
	['probe', 'inner', sdk('claude-opus-4-7', { signals: { purpose: 'probe' } })],
	['compaction', 'mid', claudeCode({ signals: { purpose: 'compaction' } })],
	['compaction', 'mid', claudeCode({ signals: { requestClass: 'compaction' } })],
	['title', 'inner', claudeCode({ signals: { purpose: 'title', requestClass: 'auxiliary', toolNames: [] } })],
	['commit-message', 'inner', sdk('claude-opus-4-7', { signals: { purpose: 'commit-message' } })],
	['class-auxiliary', 'inner', claudeCode({ signals: { requestClass: 'auxiliary' } })],
	['class-workflow', 'mid', claudeCode({ signals: { requestClass: 'workflow' } })],
	['plan', 'outer', claudeCode({ signals: { purpose: 'plan', requestClass: 'main' } })],
	['plan', 'outer', subagent({ signals: { agentType: 'Plan', requestClass: 'subagent' } })],
	['search-agent', 'inner', subagent({ signals: { agentType: 'Explore', toolNames: ['Bash', 'Read', 'Skill', 'ToolSearch'] } })],
	['search-agent', 'inner', subagent({ signals: { agentType: 'Explore', toolNames: ['Read', 'Edit'] } })],
	[
		'subagent-without-write-tools',
		'inner',
		subagent({ signals: { agentType: 'custom', toolNames: ['Read', 'WebFetch', 'Grep', 'Glob'] } }),
	],
	['subagent', 'mid', subagent({ signals: { agentType: 'general-purpose', toolNames: ['Read', 'Edit', 'Bash'] } })],
	['subagent', 'mid', subagent({ signals: { toolNames: [] } })],
	['class-main', 'outer', claudeCode({ model: 'claude-haiku-4-5', signals: { requestClass: 'main', toolNames: [] } })],
	['main-loop', 'outer', claudeCode()],
	['main-loop', 'outer', claudeCode({ signals: { answeredToolNames: ['Read'] } })],
	['main-loop', 'outer', claudeCode({ model: 'claude-haiku-4-5' })],
	['structured-without-tools', 'inner', claudeCode({ signals: { toolNames: [], hasStructuredOutput: true } })],
	['light-model-id', 'inner', claudeCode({ model: 'claude-haiku-5-5', signals: { toolNames: [] } })],
	['tiny-cap', 'inner', sdk('claude-opus-4-7', { outputCapTokens: 64 })],
	['light-model-id', 'inner', sdk('claude-haiku-4-5-20251001')],
	['light-model-id', 'inner', sdk('gpt-5.4-nano', { signals: { toolNames: ['read_file', 'search'] } })],
	['light-model-id-with-tools', 'mid', sdk('claude-haiku-4-5', { signals: { toolNames: ['read_file', 'edit_file'] } })],
	['light-model-id-with-tools', 'mid', sdk('gemini-3.1-flash-lite', { signals: { toolNames: ['bash'] } })],
	['digests-what-it-read', 'inner', sdk('claude-sonnet-4-6', { signals: { toolNames: ['Read'], answeredToolNames: ['Read'] } })],
	['mid-model-id', 'mid', sdk('claude-sonnet-4-6', { signals: { toolNames: ['Read', 'Edit'], answeredToolNames: ['Read'] } })],
	['mid-model-id', 'mid', sdk('gpt-5-mini')],
	['mid-model-id', 'mid', sdk('gemini-3.1-flash')],
	['frontier-model-id', 'outer', sdk('claude-opus-4-7')],
	['frontier-model-id', 'outer', sdk('claude-opus-9-latest')],
	['frontier-model-id', 'outer', sdk('gpt-5.5')],
	['frontier-model-id', 'outer', sdk('gemini-3.1-pro-preview')],
	['unknown-model-id', 'mid', sdk('house-blend')],
];

describe('classifyRole', () => {
	it.each(TABLE)('%s → %s', (code, role, one) => {
		const found = classifyRole(one, readModelName(one.model, TEAM));
		expect(found.reasons.map((reason) => reason.code)).toEqual([code]);
		expect(found.role).toBe(role);
	});

	it('has a test for every row', () => {
		const tested = new Set(TABLE.map(([code]) => code));
		expect(ROLE_RULES.map(({ code }) => code).filter((code) => !tested.has(code))).toEqual([]);
	});
});
