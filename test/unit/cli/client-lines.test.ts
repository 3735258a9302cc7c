import { describe, expect, test } from 'vitest';
import { clientLines, formatClientLines } from '../../../appliance/protocol/client-lines.ts';

const INPUT = { address: 'http://127.0.0.1:7341', key: 'il_secret' };
const blocks = clientLines(INPUT);

function linesOf(client: string): readonly string[] {
	return blocks.find((block) => block.client === client)?.parts.flatMap(({ lines }) => lines) ?? [];
}

describe('the lines that clients need', () => {
	test('there are lines for each client', () => {
		expect(blocks.map(({ client }) => client)).toEqual(['Claude Code', 'Codex', 'opencode', 'aider', '@anthropic-ai/sdk', 'openai']);
	});

	test('Claude Code appends /v1 itself, so its address has none', () => {
		expect(linesOf('Claude Code')).toContain('export ANTHROPIC_BASE_URL=http://127.0.0.1:7341');
		expect(linesOf('Claude Code')).toContain('export ANTHROPIC_AUTH_TOKEN=il_secret');
	});

	test('opencode’s block is JSON with an OpenAI-compatible provider', () => {
		const [file] = blocks.find(({ client }) => client === 'opencode')?.parts ?? [];
		const config = JSON.parse(file?.lines.join('\n') ?? '') as {
			readonly model: string;
			readonly small_model: string;
			readonly provider: { readonly innerloop: { readonly npm: string; readonly options: object; readonly models: object } };
		};
		const { models } = config.provider.innerloop;
		expect([config.model, config.small_model]).toEqual(Object.keys(models).map((name) => `innerloop/${name}`));
		expect(config.provider.innerloop).toMatchObject({ npm: '@ai-sdk/openai-compatible', options: { baseURL: 'http://127.0.0.1:7341/v1' } });
	});

	test('Codex asks for the one wire that it speaks, of a provider that is not called OpenAI', () => {
		expect(linesOf('Codex')).toContain('wire_api = "responses"');
		expect(linesOf('Codex')).toContain('name = "Innerloop"');
		expect(linesOf('Codex')).toContain('export INNERLOOP_KEY=il_secret');
	});

	test('aider gets an address for both of its models', () => {
		expect(linesOf('aider')).toContain('export OPENAI_API_BASE=http://127.0.0.1:7341/v1');
		expect(linesOf('aider')).toContain('weak-model: openai/innerloop-inner');
	});

	test('the SDKs’ lines are statements that name address and key', () => {
		expect(linesOf('@anthropic-ai/sdk').join()).toContain("baseURL: 'http://127.0.0.1:7341', authToken: 'il_secret'");
		expect(linesOf('openai').join()).toContain("baseURL: 'http://127.0.0.1:7341/v1', apiKey: 'il_secret'");
	});

	test('as text, every line of every block is there', () => {
		const text = formatClientLines(blocks);
		for (const { client, note, parts } of blocks) {
			for (const line of [client, note, ...parts.flatMap(({ place, lines }) => [place, ...lines])]) expect(text).toContain(line);
		}
	});
});
