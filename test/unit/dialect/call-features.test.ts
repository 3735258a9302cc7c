import { describe, expect, it } from 'vitest';
import { decode } from './wire.ts';

const plain = { model: 'claude-opus-5-5', max_tokens: 100, messages: [{ role: 'user', content: 'Fix it' }] };
const featuresOf = (more: object) => decode('anthropic', { ...plain, ...more }).signals.features;

describe('features that not every model takes', () => {
	it.each([
		['adaptive-thinking', { thinking: { type: 'adaptive' } }],
		['output-config', { output_config: { effort: 'high' } }],
		['mid-conversation-system', { messages: [...plain.messages, { role: 'system', content: 'Plan.' }, ...plain.messages] }],
		['sampling', { temperature: 0 }],
		['sampling', { top_k: 5 }],
	])('%s is seen in %j', (feature, more) => {
		expect(featuresOf(more)).toEqual([feature]);
	});

	it('are none in a plain call, nor where a field is there and says nothing', () => {
		expect(featuresOf({ temperature: null, thinking: { type: 'disabled' } })).toEqual([]);
	});
});
