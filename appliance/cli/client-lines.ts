/** The lines that a person pastes so that their client speaks to this box: a pure function of address and key. */

export interface ClientLines {
	readonly client: string;
	/** False where the client speaks a wire language that the box does not answer yet. */
	readonly isSupported: boolean;
	/** Where the lines go, or what there is to know. */
	readonly note: string;
	readonly lines: readonly string[];
}

export interface LinesInput {
	/** Base address without a slash at its end. */
	readonly address: string;
	readonly key: string;
}

/** Names that every box knows, for clients that want a model named: for the agent's own turns, and for small work. */
const MAIN_MODEL = 'innerloop-outer';
const SMALL_MODEL = 'innerloop-inner';

/** @param input the key may be a placeholder where the secret is no longer known */
export function clientLines(input: LinesInput): readonly ClientLines[] {
	return [claudeCode(input), codex(input), opencode(input), anthropicSdk(input), openaiSdk(input)];
}

function claudeCode({ address, key }: LinesInput): ClientLines {
	return {
		client: 'Claude Code',
		isSupported: true,
		note: 'in the shell; the last line lets it tell the box what each call is for',
		lines: [`export ANTHROPIC_BASE_URL=${address}`, `export ANTHROPIC_AUTH_TOKEN=${key}`, 'export CLAUDE_CODE_GATEWAY_HINT_HEADERS=1'],
	};
}

function codex({ address, key }: LinesInput): ClientLines {
	return {
		client: 'Codex',
		isSupported: false,
		note: 'not yet: it speaks only the Responses API, which this version does not answer; these lines (~/.codex/config.toml) are for the one that will',
		lines: [
			`model = "${MAIN_MODEL}"`,
			'model_provider = "innerloop"',
			'[model_providers.innerloop]',
			'name = "Innerloop"',
			`base_url = "${address}/v1"`,
			'env_key = "INNERLOOP_KEY"',
			'wire_api = "responses"',
			`# in the shell: export INNERLOOP_KEY=${key}`,
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
		isSupported: true,
		note: `in opencode.json; in the shell: export INNERLOOP_KEY=${key}`,
		lines: JSON.stringify(config, null, 2).split('\n'),
	};
}

function anthropicSdk({ address, key }: LinesInput): ClientLines {
	return {
		client: '@anthropic-ai/sdk',
		isSupported: true,
		note: 'in TypeScript; the Python SDK reads the same address and key as base_url and auth_token',
		lines: [`const client = new Anthropic({ baseURL: '${address}', authToken: '${key}', apiKey: null });`],
	};
}

function openaiSdk({ address, key }: LinesInput): ClientLines {
	return {
		client: 'openai',
		isSupported: true,
		note: 'in TypeScript; use chat.completions',
		lines: [`const client = new OpenAI({ baseURL: '${address}/v1', apiKey: '${key}' });`],
	};
}

/** The blocks as text for a terminal. */
export function formatClientLines(blocks: readonly ClientLines[]): string {
	return blocks.map(({ client, note, lines }) => [`${client}: ${note}`, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n');
}
