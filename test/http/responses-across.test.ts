import OpenAI from 'openai';
import type { ResponseCreateParamsNonStreaming, ResponseInput } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEAL_MARK } from '../../appliance/dialect/sealed-native.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startResponsesUpstream } from '../support/upstream/responses.ts';
import type { Answer, Turn } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { startBox, type TestBox } from './support/start-box.ts';

let openai: StandIn;
let anthropic: StandIn;
let box: TestBox;

/** Each vendor's model thinks, speaks, calls a tool of each kind, and ends once it has their results. */
const script =
	(vendor: string) =>
	({ toolResults, toolNames }: Turn): Answer => {
		if (toolResults.length > 0) return { content: [{ thinking: `${vendor} is content.` }, `${vendor} is done.`] };
		const patch = vendor === 'openai' ? { freeformTool: 'patch', text: '*** Begin' } : { tool: 'patch', input: { input: '*** Begin' } };
		const spawn = toolNames.find((name) => name.endsWith('spawn')) ?? 'spawn';
		const grouped = vendor === 'openai' ? { tool: 'spawn', input: { n: 1 }, namespace: 'agents' } : { tool: spawn, input: { n: 1 } };
		return { content: [{ thinking: `${vendor} thinks.` }, 'I call.', grouped, patch] };
	};

beforeAll(async () => {
	openai = await startResponsesUpstream({ script: script('openai') });
	anthropic = await startAnthropicUpstream({ script: script('anthropic') });
	box = await startBox({ openai: openai.url, anthropic: anthropic.url, config: { budgets: { treeUsd: 500, teamDayUsd: 5_000 } } });
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await Promise.all([openai.close(), anthropic.close()]);
});

const TOOLS = [
	{
		type: 'namespace' as const,
		name: 'agents',
		description: '',
		tools: [{ type: 'function' as const, name: 'spawn', parameters: { type: 'object' } }],
	},
	{ type: 'custom' as const, name: 'patch', format: { type: 'grammar' as const, syntax: 'lark' as const, definition: 'start: X' } },
	{ type: 'web_search' as const },
];

/** One session of an agent: its history grows by what each answer holds, as Codex keeps it. */
class Session {
	readonly input: ResponseInput = [{ type: 'message', role: 'user', content: 'Fix it' }];
	readonly reasons: string[] = [];
	private readonly sdk = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
	private readonly isStream: boolean;

	constructor(isStream: boolean) {
		this.isStream = isStream;
	}

	async turn(deployment: string) {
		const call: Omit<ResponseCreateParamsNonStreaming, 'stream'> = {
			model: 'gpt-5.4',
			max_output_tokens: 400,
			store: false,
			include: ['reasoning.encrypted_content'],
			reasoning: { effort: 'low', summary: 'auto' },
			tools: TOOLS,
			input: this.input,
		};
		const options = { headers: { 'x-innerloop-deployment': deployment } };
		const response = this.isStream
			? await this.sdk.responses.stream(call, options).finalResponse()
			: await this.sdk.responses.create(call, options);
		expect(response.status).toBe('completed');
		this.input.push(...(response.output as ResponseInput));
		for (const item of response.output) {
			if (item.type === 'function_call') this.input.push({ type: 'function_call_output', call_id: item.call_id, output: 'ran' });
			if (item.type === 'custom_tool_call') this.input.push({ type: 'custom_tool_call_output', call_id: item.call_id, output: 'patched' });
		}
		return response.output;
	}
}

const lastBody = (vendor: StandIn) => String(vendor.calls.at(-1)?.body);
const SIGNED = '"signature":"c3RhbmQtaW4tc2lnbmF0dXJl"';
const ENCRYPTED = '"encrypted_content":"c3RhbmQtaW4tZW5jcnlwdGVkLXJlYXNvbmluZw=="';

describe.each([false, true])('a session of a Responses agent that changes its vendor (stream: %s)', (isStream) => {
	it('keeps each vendor’s reasoning for that vendor, and calls every tool as the agent knows it', async () => {
		const session = new Session(isStream);
		const called = [
			{ type: 'reasoning' },
			{ type: 'message' },
			{ type: 'function_call', name: 'spawn', namespace: 'agents', arguments: '{"n":1}' },
			{ type: 'custom_tool_call', name: 'patch', input: '*** Begin' },
		];
		const ended = [{ type: 'reasoning' }, { type: 'message' }];

		expect(await session.turn('gpt')).toMatchObject(called);
		expect(await session.turn('opus')).toMatchObject(ended);
		expect(lastBody(anthropic)).not.toMatch(/encrypted|c3RhbmQtaW4t/);
		expect(JSON.parse(lastBody(anthropic))).toMatchObject({
			tools: [{ name: 'agents__spawn' }, { name: 'patch' }],
			messages: [
				{ role: 'user' },
				{
					role: 'assistant',
					content: [
						{ type: 'text', text: 'I call.' },
						{ type: 'tool_use', name: 'agents__spawn', input: { n: 1 } },
						{ type: 'tool_use', name: 'patch', input: { input: '*** Begin' } },
					],
				},
				{
					role: 'user',
					content: [
						{ type: 'tool_result', content: [{ text: 'ran' }] },
						{ type: 'tool_result', content: [{ text: 'patched' }] },
					],
				},
			],
		});

		session.input.push({ type: 'message', role: 'user', content: 'Again' });
		expect(await session.turn('opus')).toMatchObject(called);
		expect(lastBody(anthropic)).toContain(SIGNED);

		session.input.push({ type: 'message', role: 'user', content: 'Once more' });
		expect(await session.turn('gpt')).toMatchObject(called);
		expect(JSON.stringify(session.input)).toContain(SEAL_MARK);
		expect(lastBody(openai)).not.toContain(SEAL_MARK);
		expect(lastBody(openai)).toContain(ENCRYPTED);

		await session.turn('opus');
		expect(lastBody(anthropic).split(SIGNED)).toHaveLength(3);
		expect(lastBody(anthropic)).not.toContain(SEAL_MARK);
	});

	it('says in the decision what was left out', async () => {
		await new Session(isStream).turn('opus');
		const { json } = await box.admin('GET', '/calls?limit=1');
		const [record] = (json as { calls: { decision: { reasons: { code: string; text: string }[] } }[] }).calls;
		const told = record?.decision.reasons.filter(({ code }) => code.startsWith('loss-') || code === 'tool-withheld') ?? [];
		expect(told.map(({ code }) => code)).toEqual(expect.arrayContaining(['tool-withheld', 'loss-fields', 'loss-tool-grammar']));
		expect(told.find(({ code }) => code === 'loss-fields')?.text).toContain('tools: web_search');
	});
});
