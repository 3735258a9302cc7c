/** Thousands of broken calls and replies: everything ends in a value or a Problem, and nothing throws. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamDecoder as createMessageDecoder } from '../../../appliance/dialect/anthropic/decode-stream.ts';
import { createStreamDecoder as createChunkDecoder } from '../../../appliance/dialect/chat-completions/decode-stream.ts';
import { createUsageFilter } from '../../../appliance/dialect/chat-completions/usage-filter.ts';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { createStreamDecoder as createEventDecoder } from '../../../appliance/dialect/responses/decode-stream.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { DIALECTS, type DialectName } from '../../../appliance/protocol/words.ts';
import { recorded } from './recorded.ts';
import { bytesOf, tryDecode } from './wire.ts';

const tools = [{ name: 'Read', type: 'custom', input_schema: { type: 'object' } }];
const image = { type: 'image', source: { type: 'base64', data: 'AA' } };

const BODIES: Readonly<Record<DialectName, object>> = {
	anthropic: {
		model: 'claude-opus-5-5',
		max_tokens: 100,
		stream: true,
		system: [{ type: 'text', text: 'x' }],
		tools,
		tool_choice: { type: 'tool', name: 'Read' },
		safeguards: [{ classifier_context: { permission_mode: 'plan' } }],
		output_config: { format: { type: 'json_schema', schema: { properties: { title: {} } } } },
		context_management: { edits: [{ type: 'clear_x' }] },
		metadata: { user_id: '{"session_id":"s"}' },
		messages: [
			{ role: 'user', content: [{ type: 'text', text: 'Fix' }, image] },
			{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Read', input: {} }] },
			{
				role: 'user',
				content: [
					{ type: 'tool_result', tool_use_id: 't', content: [image, { type: 'document', source: { type: 'content', content: [image] } }] },
				],
			},
			{ role: 'system', content: [{ type: 'tool_addition', tool: { type: 'tool_definition', definition: tools[0] } }] },
		],
	},
	'chat-completions': {
		model: 'gpt-6-astra',
		max_tokens: 100,
		stream: true,
		stream_options: { include_usage: false },
		tools: [{ type: 'function', function: { name: 'read', parameters: {} } }],
		tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'read' } }] } },
		response_format: { type: 'json_schema', json_schema: { schema: { properties: { title: {} } } } },
		messages: [
			{ role: 'system', content: 'x' },
			{
				role: 'user',
				content: [
					{ type: 'image_url', image_url: { url: 'data:,A' } },
					{ type: 'file', file: { file_id: 'f' } },
				],
			},
			{ role: 'assistant', content: null, tool_calls: [{ id: '1', type: 'function', function: { name: 'read', arguments: '{}' } }] },
			{ role: 'tool', tool_call_id: '1', content: 'x' },
		],
	},
	responses: {
		model: 'gpt-6-astra',
		max_output_tokens: 100,
		stream: true,
		instructions: 'x',
		tools: [
			{ type: 'function', name: 'read', parameters: {} },
			{ type: 'namespace', name: 'n', tools: [{ type: 'custom', name: 'patch' }] },
			{ type: 'shell', environment: { type: 'local' } },
			{ type: 'web_search' },
		],
		tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'read' }] },
		text: { format: { type: 'json_schema', schema: { properties: { title: {} } } } },
		prompt_cache_options: { ttl: '12h' },
		client_metadata: { 'x-codex-turn-metadata': '{"session_id":"s"}' },
		input: [
			{ type: 'message', role: 'developer', content: 'x' },
			{
				role: 'user',
				content: [
					{ type: 'input_image', image_url: 'data:,A' },
					{ type: 'input_file', file_id: 'f' },
				],
			},
			{ type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'x' }], encrypted_content: 'x' },
			{ type: 'function_call', call_id: '1', name: 'read', arguments: '{}' },
			{ type: 'function_call_output', call_id: '1', output: [{ type: 'input_text', text: 'x', prompt_cache_breakpoint: { ttl: '30m' } }] },
			{ type: 'additional_tools', role: 'developer', tools: [{ type: 'web_search' }] },
		],
	},
};

/** Something a caller may put where something else belongs. */
const ODDITIES: readonly unknown[] = [
	null,
	true,
	-1,
	0,
	1e308,
	'',
	'__proto__',
	[],
	{},
	[null],
	[[]],
	{ type: 'text' },
	{ type: 'constructor' },
	{ toString: 1 },
];

const oddity = fc.oneof(fc.constantFrom(...ODDITIES), fc.jsonValue({ maxDepth: 2 }));

/** The body with one value somewhere inside replaced. */
function spoilt(value: unknown, path: readonly number[], odd: unknown): unknown {
	const step = path[0];
	if (step === undefined || typeof value !== 'object' || value === null) return odd;
	const keys = Object.keys(value);
	const key = keys[step % (keys.length + 1)];
	if (key === undefined) return odd;
	const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
	Object.assign(copy, { [key]: spoilt(Reflect.get(value, key), path.slice(1), odd) });
	return copy;
}

/** The way to every value inside. */
function placesOf(value: unknown): number[][] {
	if (typeof value !== 'object' || value === null) return [[]];
	return [[], ...Object.values(value).flatMap((inner, step) => placesOf(inner).map((rest) => [step, ...rest]))];
}

function survives(dialect: DialectName, bytes: Uint8Array): void {
	const doors = DIALECTS_BY_NAME[dialect];
	const call = tryDecode(dialect, bytes);
	const conversation = doors.decodeConversation(bytes);
	if (call instanceof Problem) expect(call.code).toBe('invalid-call');
	// What only its vendor holds is a call all the same.
	if (conversation instanceof Problem) expect(['invalid-call', 'not-expressible']).toContain(conversation.code);
	if (call instanceof Problem) return;
	const spliced = doors.splice(bytes, call, { model: 'm', outputCapTokens: 5, includeUsage: true });
	const again = tryDecode(dialect, spliced);
	if (again instanceof Problem) throw again;
	const shorter = tryDecode(dialect, doors.splice(bytes, call, { withoutTools: call.withholdableTools ?? [] }));
	expect(shorter).toMatchObject({ unboundedFields: call.unboundedFields });
	expect(shorter).not.toHaveProperty('withholdableTools');
	expect(again).toMatchObject({ model: 'm', outputCapTokens: 5, signals: call.signals, unboundedFields: call.unboundedFields });
}

describe.each(DIALECTS)('%s: hostile calls', (dialect) => {
	const text = JSON.stringify(BODIES[dialect]);
	const whole = bytesOf(text);

	it('with every oddity in every place', () => {
		const places = placesOf(BODIES[dialect]);
		expect(places.length).toBeGreaterThan(50);
		for (const path of places) {
			for (const odd of ODDITIES) survives(dialect, bytesOf(JSON.stringify(spoilt(BODIES[dialect], path, odd)) ?? ''));
		}
	});

	it('with any value in any place', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(20), { maxLength: 7 }), oddity, (path, odd) => {
				survives(dialect, bytesOf(JSON.stringify(spoilt(BODIES[dialect], path, odd)) ?? ''));
			}),
			{ numRuns: 700 },
		);
	});

	it('with any bytes changed, added or cut', () => {
		const edit = fc.record({ at: fc.nat(whole.length), drop: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) });
		fc.assert(
			fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
				let bytes = whole;
				for (const { at, drop, put } of edits) bytes = new Uint8Array([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + drop)]);
				survives(dialect, bytes);
			}),
			{ numRuns: 1_000 },
		);
	});

	it('of plain noise', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => survives(dialect, bytes)),
			{ numRuns: 1_000 },
		);
	});

	it('with a nesting bomb wherever one fits', () => {
		const bomb = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
		for (const key of ['messages', 'tools', 'system', 'tool_choice', 'x']) survives(dialect, bytesOf(`{"${key}":${bomb},${text.slice(1)}`));
	});
});

describe('hostile replies', () => {
	const files = [
		'anthropic-tools.sse',
		'anthropic-reply.json',
		'chat-tools.sse',
		'chat-reply.json',
		'responses-tools.sse',
		'responses-reply.json',
	];
	const edit = fc.record({ at: fc.nat(3_000), drop: fc.nat(5), put: fc.uint8Array({ maxLength: 4 }) });

	it('leave every listener standing, and usage a count or unknown', () => {
		fc.assert(
			fc.property(fc.constantFrom(...files), fc.array(edit, { maxLength: 4 }), fc.boolean(), (name, edits, isStream) => {
				let bytes = recorded(name);
				for (const { at, drop, put } of edits) bytes = new Uint8Array([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + drop)]);
				for (const dialect of DIALECTS) {
					const tap = DIALECTS_BY_NAME[dialect].createReplyTap(isStream);
					tap.push(bytes);
					for (const count of Object.values(tap.summary().usage))
						expect(count === undefined || (Number.isSafeInteger(count) && count >= 0)).toBe(true);
				}
				for (const decoder of [createMessageDecoder(), createChunkDecoder(), createEventDecoder()]) {
					const parts = [...decoder.push(bytes), ...decoder.end()];
					expect(['finish', 'error']).toContain(parts.at(-1)?.type);
				}
				const filter = createUsageFilter();
				expect(filter.push(bytes).length + filter.end().length).toBeLessThanOrEqual(bytes.length);
			}),
			{ numRuns: 500 },
		);
	});
});
