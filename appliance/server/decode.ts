/** The caller's bytes read as a call of their dialect. */

import { hash } from 'node:crypto';
import type { Call } from '../protocol/call.ts';
import { DigestMemory } from './digest-memory.ts';
import { must, type Walk } from './walk.ts';

/** Hex, stable over restarts; 128 bits are plenty for keys of caches and trees. */
export const digest = (text: string): string => hash('sha256', text).slice(0, 32);

/** A conversation's system text and tools come again with every call: hashing them costs forty times what comparing them does. */
const recall = new DigestMemory(digest);

/** Throws the dialect's Problem where the body is not a call. */
export function decode(walk: Walk): Call {
	const { dialect, request } = walk.arrival;
	walk.call = must(dialect.decodeCall(request, recall.digest));
	return walk.call;
}
