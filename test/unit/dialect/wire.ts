/** What the dialect tests share: bytes, a digest, and calls that must decode. */

import { createHash } from 'node:crypto';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import type { Call } from '../../../appliance/protocol/call.ts';
import type { HeaderMap } from '../../../appliance/protocol/ports.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import type { DialectName } from '../../../appliance/protocol/words.ts';

const PATHS: Readonly<Record<DialectName, string>> = {
	anthropic: '/v1/messages',
	'chat-completions': '/v1/chat/completions',
	responses: '/v1/responses',
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(body: unknown): Uint8Array {
	return encoder.encode(typeof body === 'string' ? body : JSON.stringify(body));
}

export function textOf(bytes: Uint8Array): string {
	return decoder.decode(bytes);
}

export function digest(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

export function tryDecode(dialect: DialectName, body: unknown, headers: HeaderMap = {}, path = PATHS[dialect]): Call | Problem {
	const bytes = body instanceof Uint8Array ? body : bytesOf(body);
	return DIALECTS_BY_NAME[dialect].decodeCall({ path, query: '', headers, body: bytes }, digest);
}

export function decode(dialect: DialectName, body: unknown, headers: HeaderMap = {}, path = PATHS[dialect]): Call {
	const call = tryDecode(dialect, body, headers, path);
	if (call instanceof Problem) throw call;
	return call;
}

export function problemOf(result: unknown): Problem {
	if (result instanceof Problem) return result;
	throw new Error('a Problem was expected');
}

/** The same bytes in chunks that end at the given offsets. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
	const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
	return edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
}
