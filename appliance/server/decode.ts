/** The caller's bytes read as a call of their dialect. */

import { hash } from 'node:crypto';
import type { Call } from '../protocol/call.ts';
import { must, type Walk } from './walk.ts';

/** Hex, stable over restarts; 128 bits are plenty for keys of caches and trees. */
export const digest = (text: string): string => hash('sha256', text).slice(0, 32);

/** Throws the dialect's Problem where the body is not a call. */
export function decode(walk: Walk): Call {
	const { dialect, request } = walk.arrival;
	walk.call = must(dialect.decodeCall(request, digest));
	return walk.call;
}
