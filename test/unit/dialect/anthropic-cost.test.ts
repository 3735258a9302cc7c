import { describe, expect, it } from 'vitest';
import { decode } from './wire.ts';

const user = (content: unknown) => ({ role: 'user', content });
const plain = { model: 'claude-opus-5-5', max_tokens: 100, messages: [user('Fix it')] };

describe('media', () => {
	const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
	const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'BBBBBB' } };

	it.each([
		['a message', [image], ['text', 'image'], 1, 4],
		[
			'a tool result',
			[{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }, image, pdf] }],
			['text', 'image', 'document'],
			2,
			10,
		],
		['a document', [{ type: 'document', source: { type: 'content', content: [image] } }], ['text', 'image', 'document'], 1, 4],
		['a text document', [{ type: 'document', source: { type: 'text', data: 'x' } }], ['text', 'document'], 0, 0],
	])('is found in %s', (_where, content, modalities, count, bytes) => {
		const call = decode('anthropic', { ...plain, messages: [user(content)] });
		expect(call.modalities).toEqual(modalities);
		expect(call.size).toMatchObject({ inlineMediaCount: count, inlineMediaBytes: bytes, remoteMediaCount: 0 });
		expect(call.unboundedFields).toEqual([]);
	});

	it.each([
		[{ type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } }, 'image by url'],
		[{ type: 'document', source: { type: 'file', file_id: 'f' } }, 'document by file'],
	])('by reference is bounded by no byte: %j', (block, name) => {
		const nested = user([{ type: 'tool_result', tool_use_id: 't', content: [block] }]);
		const call = decode('anthropic', { ...plain, messages: [nested] });
		expect(call.size.remoteMediaCount).toBe(1);
		expect(call.unboundedFields).toEqual([name]);
	});
});

describe('fields that bear on cost', () => {
	it('lets everything pass that Claude Code and the SDK send of themselves', () => {
		const call = decode('anthropic', {
			...plain,
			system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }],
			metadata: { user_id: 'u' },
			thinking: { type: 'adaptive', display: 'omitted' },
			context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
			output_config: { effort: 'medium' },
			safeguards: [],
			diagnostics: { previous_message_id: null },
			stop_sequences: ['x'],
			temperature: 1,
			top_p: 1,
			top_k: 5,
			service_tier: 'auto',
			speed: 'standard',
			container: null,
			mcp_servers: [],
			inference_geo: null,
			cache_control: { type: 'ephemeral' },
		});
		expect(call.unboundedFields).toEqual([]);
	});

	it.each([
		['context_management', { edits: [{ type: 'compact_20260112' }] }],
		['service_tier', 'priority'],
		['speed', 'fast'],
		['inference_geo', 'us'],
		['mcp_servers', [{ type: 'url', url: 'https://example.test', name: 'x' }]],
		['container', 'c-1'],
		['thread', { type: 'continue', previous_message_id: 'm' }],
		['compaction', { type: 'summarize' }],
		['fallbacks', 'default'],
		['billing_policy', { type: 'billing_policy' }],
		['a_field_of_tomorrow', 1],
	])('names %s', (name, value) => {
		expect(decode('anthropic', { ...plain, [name]: value }).unboundedFields).toEqual([name]);
	});

	it('names content that it does not know, and tools defined in the middle', () => {
		const added = {
			type: 'tool_addition',
			tool: { type: 'tool_definition', definition: { type: 'web_fetch_20260318', name: 'web_fetch' } },
		};
		const messages = [user([{ type: 'container_upload', file_id: 'f' }]), { role: 'system', content: [added] }];
		expect(decode('anthropic', { ...plain, messages }).unboundedFields).toEqual([
			'content block container_upload',
			'tools: web_fetch_20260318',
		]);
	});

	it('names a repeated field of which an upstream could read the other one', () => {
		const body = `{"tools":[{"type":"web_search_20250305","name":"s"}],"speed":"fast",${JSON.stringify({ ...plain, tools: [], speed: 'standard' }).slice(1)}`;
		expect(decode('anthropic', body).unboundedFields).toEqual(['tools (repeated)', 'speed (repeated)']);
	});
});
