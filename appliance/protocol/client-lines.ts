/** The lines that a person pastes so that their client speaks to this box: a pure function of address and key. */

export interface ClientLines {
	readonly client: string;
	/** What there is to know. */
	readonly note: string;
	readonly parts: readonly LinesPart[];
}

/** Lines and the place they go to: the shell that starts the client, a file, a program. */
export interface LinesPart {
	readonly place: string;
	readonly lines: readonly string[];
}

export interface LinesInput {
	/** Base address without a slash at its end. */
	readonly address: string;
	readonly key: string;
}

/**
 * Names that every box knows, for clients that want a model named. The first demands nothing: a name that forced the
 * frontier would force it for the sub-agents and the compactions too, which name the same model.
 */
const MAIN_MODEL = 'innerloop';
const SMALL_MODEL = 'innerloop-inner';

const SHELL = 'in the shell';

/** @param input the key may be a placeholder where the secret is no longer known */
export function clientLines(input: LinesInput): readonly ClientLines[] {
	return [claudeCode(input), codex(input), opencode(input), aider(input), anthropicSdk(input), openaiSdk(input)];
}

function claudeCode({ address, key }: LinesInput): ClientLines {
	return {
		client: 'Claude Code',
		note: 'the last two lines let it search its tools as it does at its vendor, and tell the box what each call is for',
		parts: [
			{
				place: SHELL,
				lines: [
					`export ANTHROPIC_BASE_URL=${address}`,
					`export ANTHROPIC_AUTH_TOKEN=${key}`,
					'export ENABLE_TOOL_SEARCH=true',
					'export CLAUDE_CODE_GATEWAY_HINT_HEADERS=1',
				],
			},
		],
	};
}

/**
 * The provider may not be called "OpenAI": Codex then leaves compaction to its vendor, and no other can do it. The
 * vendor's web search is billed by the search, which no ceiling here bounds.
 */
function codex({ address, key }: LinesInput): ClientLines {
	return {
		client: 'Codex',
		note: 'keep the provider’s name: called OpenAI, it would ask for a compaction that only OpenAI can do',
		parts: [
			{
				place: 'in ~/.codex/config.toml',
				lines: [
					`model = "gpt-5.5"`,
					'model_provider = "innerloop"',
					'web_search = "disabled"',
					'[model_providers.innerloop]',
					'name = "Innerloop"',
					`base_url = "${address}/v1"`,
					'env_key = "INNERLOOP_KEY"',
					'wire_api = "responses"',
				],
			},
			{ place: SHELL, lines: [`export INNERLOOP_KEY=${key}`] },
		],
	};
}

function opencode({ address, key }: LinesInput): ClientLines {
	const config = {
		$schema: 'https://opencode.ai/config.json',
		provider: {
			innerloop: {
				npm: '@ai-sdk/openai-compatible',
				name: 'Innerloop',
				options: { baseURL: `${address}/v1`, apiKey: '{env:INNERLOOP_KEY}' },
				models: { [MAIN_MODEL]: {}, [SMALL_MODEL]: {} },
			},
		},
		model: `innerloop/${MAIN_MODEL}`,
		small_model: `innerloop/${SMALL_MODEL}`,
	};
	return {
		client: 'opencode',
		note: '@ai-sdk/anthropic and @ai-sdk/openai work at the same address too',
		parts: [
			{ place: 'in opencode.json', lines: JSON.stringify(config, null, 2).split('\n') },
			{ place: SHELL, lines: [`export INNERLOOP_KEY=${key}`] },
		],
	};
}

/** For a model that it does not know aider sets a temperature, which the frontier models of today refuse. */
function aider({ address, key }: LinesInput): ClientLines {
	return {
		client: 'aider',
		note: 'the weak model writes commit messages and summaries',
		parts: [
			{
				place: 'in .aider.conf.yml',
				lines: [`model: openai/${MAIN_MODEL}`, `weak-model: openai/${SMALL_MODEL}`, 'edit-format: diff', 'show-model-warnings: false'],
			},
			{
				place: 'in .aider.model.settings.yml',
				lines: [MAIN_MODEL, SMALL_MODEL].flatMap((model) => [`- name: openai/${model}`, '  use_temperature: false']),
			},
			{ place: SHELL, lines: [`export OPENAI_API_BASE=${address}/v1`, `export OPENAI_API_KEY=${key}`] },
		],
	};
}

function anthropicSdk({ address, key }: LinesInput): ClientLines {
	return {
		client: '@anthropic-ai/sdk',
		note: 'the Python SDK reads the same address and key as base_url and auth_token',
		parts: [
			{ place: 'in TypeScript', lines: [`const client = new Anthropic({ baseURL: '${address}', authToken: '${key}', apiKey: null });`] },
		],
	};
}

function openaiSdk({ address, key }: LinesInput): ClientLines {
	return {
		client: 'openai',
		note: 'chat.completions and responses',
		parts: [{ place: 'in TypeScript', lines: [`const client = new OpenAI({ baseURL: '${address}/v1', apiKey: '${key}' });`] }],
	};
}

/** The blocks as text for a terminal. */
export function formatClientLines(blocks: readonly ClientLines[]): string {
	return blocks.map(formatBlock).join('\n\n');
}

function formatBlock({ client, note, parts }: ClientLines): string {
	const lines = parts.flatMap((part) => [`  ${part.place}:`, ...part.lines.map((line) => `    ${line}`)]);
	return [`${client}: ${note}`, ...lines].join('\n');
}
