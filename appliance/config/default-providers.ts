/** The providers of a box without a configuration file. */

import type { ProviderConfig } from './schema.ts';

const timeouts = { connectTimeoutMs: 10_000, firstByteTimeoutMs: 600_000, idleTimeoutMs: 300_000 };

/**
 * Gemini is not among them: its compatible endpoint lies at /v1beta/openai/chat/completions, which no base address
 * followed by the caller's /v1/chat/completions gives.
 */
export const DEFAULT_PROVIDERS: Readonly<Record<'anthropic' | 'openai' | 'deepseek', ProviderConfig>> = {
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
	deepseek: {
		baseUrl: 'https://api.deepseek.com',
		dialects: ['chat-completions'],
		keyEnv: 'DEEPSEEK_API_KEY',
		auth: 'bearer',
		...timeouts,
	},
};
