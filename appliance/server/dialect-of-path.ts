/** Which dialect an address speaks, so that even what goes wrong before a body is read is said in the caller's language. */

import type { HeaderMap } from '../protocol/ports.ts';
import type { DialectName } from '../protocol/words.ts';

const PREFIXES: readonly (readonly [string, DialectName])[] = [
	['/v1/messages', 'anthropic'],
	['/v1/complete', 'anthropic'],
	['/v1/chat', 'chat-completions'],
	['/v1/responses', 'responses'],
	['/v1/embeddings', 'chat-completions'],
];

/** Addresses that both vendors have are told apart by the headers that only one dialect's clients send. */
export function dialectOfPath(path: string, headers: HeaderMap): DialectName {
	for (const [prefix, dialect] of PREFIXES) if (path.startsWith(prefix) && !/^[a-z]/.test(path.slice(prefix.length))) return dialect;
	if (headers['anthropic-version'] !== undefined) return 'anthropic';
	return isCodex(headers) ? 'responses' : 'chat-completions';
}

/** Codex asks for the models in a shape of its own. */
const isCodex = ({ originator, 'user-agent': agent }: HeaderMap): boolean => /^codex/i.test(String(originator ?? agent ?? ''));
