import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../appliance/config/load-config.ts';
import type { Call } from '../../../appliance/protocol/call.ts';
import { CALL_FEATURES } from '../../../appliance/protocol/words.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { call, claudeCode, input, LOCAL, subagent } from './make-input.ts';

const result = loadConfig(undefined, { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'b', DEEPSEEK_API_KEY: 'c' });
if (!result.ok) throw new Error('the embedded default is valid');
const { settings } = result;
const deployments = [...settings.deployments, LOCAL];
/** What Claude Code 2.1.330 sends on every call of an agent. */
const features = CALL_FEATURES.filter((feature) => feature !== 'sampling');
const model = 'claude-opus-5-5';

const ids = (one: Call) =>
	planCall({ ...input({ call: one, deployments }), settings: settings.routing }).candidates.map((candidate) => candidate.deployment);

describe('the embedded default, with keys', () => {
	it('gives the main loop of Claude Code the model it asks for', () => {
		expect(ids(claudeCode({ model, signals: { features } }))[0]).toBe('claude-opus-5-5');
	});

	it('gives its implementing sub-agents a model of the middle that takes what they send, and ends with the one asked for', () => {
		expect(ids(subagent({ model, signals: { features, toolNames: ['Read', 'Edit'] } }))).toEqual([
			'claude-sonnet-5-5',
			'claude-sonnet-5',
			'claude-opus-5-5',
		]);
	});

	it('answers its searching sub-agents on the box, and else with the cheapest that takes what they send', () => {
		expect(ids(subagent({ model, signals: { features } })).slice(0, 2)).toEqual(['local', 'claude-haiku-5-5']);
		expect(ids(subagent({ model, signals: { features }, size: { bodyBytes: 30_000 } }))[0]).toBe('claude-haiku-5-5');
	});

	it('gives a plain call the model that it names, by any of its ids', () => {
		expect(ids(call({ model: 'claude-opus-4-7-20260416' }))[0]).toBe('claude-opus-4-7');
		expect(ids(call({ model: 'claude-sonnet-4-6' }))[0]).toBe('claude-sonnet-4-6');
		expect(ids(call({ model: 'gpt-5.5', dialect: 'chat-completions' }))[0]).toBe('gpt-5.5');
		expect(ids(call({ model: 'deepseek-v4-pro', dialect: 'chat-completions' }))[0]).toBe('deepseek-v4-pro');
		expect(ids(call({ model: 'gpt-5-mini', dialect: 'chat-completions' }))[0]).toBe('gpt-5-mini');
	});

	it('keeps to the caller’s dialect, but for a model that is named', () => {
		const vendorsOf = (model: string) => ids(call({ model })).map((id) => id.split('-')[0]);
		expect(new Set(vendorsOf('claude-opus-5'))).toEqual(new Set(['claude']));
		expect(vendorsOf('gpt-5.5')[0]).toBe('gpt');
		expect(new Set(vendorsOf('gpt-5.5').slice(1))).toEqual(new Set(['claude']));
	});
});
