/** The providers of a box without a configuration file. */

import type { ProviderConfig } from './schema.ts';

const timeouts = { connectTimeoutMs: 10_000, firstByteTimeoutMs: 600_000, idleTimeoutMs: 300_000, isVersioned: false };

/** Gemini and DeepSeek are reached through the endpoints that they keep for clients of OpenAI's. */
export const DEFAULT_PROVIDERS: Readonly<Record<'anthropic' | 'openai' | 'gemini' | 'deepseek', ProviderConfig>> = {
	anthropic: {
		baseUrl: 'https://api.anthropic.com',
		dialects: ['anthropic'],
		keyEnv: 'ANTHROPIC_API_KEY',
		auth: 'x-api-key',
		...timeouts,
	},
	openai: {
		baseUrl: 'https://api.openai.com',
		dialects: ['chat-completions', 'responses'],
		keyEnv: 'OPENAI_API_KEY',
		auth: 'bearer',
		...timeouts,
	},
	gemini: {
		baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
		dialects: ['chat-completions'],
		keyEnv: 'GEMINI_API_KEY',
		auth: 'bearer',
		...timeouts,
		isVersioned: true,
	},
	deepseek: {
		baseUrl: 'https://api.deepseek.com',
		dialects: ['chat-completions'],
		keyEnv: 'DEEPSEEK_API_KEY',
		auth: 'bearer',
		...timeouts,
	},
};
