import { describe, expect, it } from 'vitest';
import { decode } from './wire.ts';

const plain = { model: 'claude-opus-5-5', max_tokens: 100, messages: [{ role: 'user', content: 'Fix it' }] };
const hour = { type: 'ephemeral', ttl: '1h' };
const text = (cache_control?: object) => ({ type: 'text', text: 'x', cache_control });
const user = (...content: object[]) => [{ role: 'user', content }];

describe('a cache write that is kept for an hour', () => {
	it.each([
		['top level', { ...plain, cache_control: hour }],
		['system', { ...plain, system: [text(hour)] }],
		['message', { ...plain, messages: user(text(hour)) }],
		['tool result', { ...plain, messages: user({ type: 'tool_result', tool_use_id: 't', cache_control: hour }) }],
		['inside a tool result', { ...plain, messages: user({ type: 'tool_result', tool_use_id: 't', content: [text(hour)] }) }],
		['tool', { ...plain, tools: [{ name: 'Read', input_schema: {}, cache_control: hour }] }],
		['a life not known', { ...plain, system: [text({ type: 'ephemeral', ttl: '1d' })] }],
	])('is seen: %s', (_, body) => {
		expect(decode('anthropic', body).size.hasLongCacheWrite).toBe(true);
	});

	it('is denied only where all was looked at', () => {
		const usual = {
			...plain,
			cache_control: { type: 'ephemeral' },
			system: [text({ type: 'ephemeral', ttl: '5m' })],
			messages: user(text()),
		};
		expect(decode('anthropic', usual).size.hasLongCacheWrite).toBe(false);
		expect(decode('chat-completions', { model: 'm', messages: plain.messages }).size.hasLongCacheWrite).toBeUndefined();
	});
});
