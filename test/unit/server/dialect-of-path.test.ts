import { expect, it } from 'vitest';
import { dialectOfPath } from '../../../appliance/server/dialect-of-path.ts';

it.each([
	['/v1/messages', {}, 'anthropic'],
	['/v1/messages/count_tokens', {}, 'anthropic'],
	['/v1/messages/nonsense', {}, 'anthropic'],
	['/v1/messagesx', {}, 'chat-completions'],
	['/v1/chat/completions', { 'anthropic-version': '2023-06-01' }, 'chat-completions'],
	['/v1/responses', {}, 'responses'],
	['/v1/responses/compact', {}, 'responses'],
	['/v1/models', {}, 'chat-completions'],
	['/v1/models', { originator: 'codex_exec', 'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64)' }, 'responses'],
	['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
	['/nowhere', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
] as const)('%s with %j speaks %s', (path, headers, dialect) => {
	expect(dialectOfPath(path, headers)).toBe(dialect);
});
