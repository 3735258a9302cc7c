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
		{ type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } },
		{ type: 'document', source: { type: 'file', file_id: 'f' } },
	])('by reference is counted: %j', (block) => {
		const nested = user([{ type: 'tool_result', tool_use_id: 't', content: [block] }]);
		const call = decode('anthropic', { ...plain, messages: [nested] });
		expect(call.size.remoteMediaCount).toBe(1);
		expect(call.unboundedFields).toEqual([]);
	});

	it('of a kind that is not known is named', () => {
		const call = decode('anthropic', { ...plain, messages: [user([{ type: 'image', source: { type: 'hologram' } }])] });
		expect(call.unboundedFields).toEqual(['image by hologram']);
	});

	it('is told apart by marks of its own', () => {
		const other = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAB' } };
		const marks = (...content: unknown[]) => decode('anthropic', { ...plain, messages: [user(content)] }).size.mediaMarks;
		expect(marks(image, pdf)).toHaveLength(2);
		expect(marks(image)).toEqual(marks(image));
		expect(marks(image)).not.toEqual(marks(other));
		expect(marks({ type: 'text', text: 'x' })).toBeUndefined();
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
