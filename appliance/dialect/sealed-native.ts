/** Carries one vendor's native material through another dialect's opaque field, so that the caller itself keeps it for the way back. */

import type { Native } from '../protocol/conversation.ts';
import { DIALECTS, VENDORS } from '../protocol/words.ts';
import { parseFields } from './client-headers.ts';
import { isFields } from './fields.ts';

/** What every sealed text begins with, and no vendor's own. */
export const SEAL_MARK = 'innerloop-sealed-reasoning-v1.';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Nothing here is secret or signed: who forges a seal gains no more than who writes the native field itself. The caller
 * sends it back with its history, so the box need not remember it, and a restart forgets nothing.
 */
export function seal(native: Native): string {
	const bytes = encoder.encode(JSON.stringify(native));
	let binary = '';
	for (const byte of bytes) binary += String.fromCharCode(byte);
	return SEAL_MARK + btoa(binary);
}

export function isSealed(text: unknown): text is string {
	return typeof text === 'string' && text.startsWith(SEAL_MARK);
}

/** Undefined for a text that is not sealed, or no longer whole. */
export function unseal(text: unknown): Native | undefined {
	if (!isSealed(text)) return undefined;
	const { dialect: dialectName, vendor: vendorName, value } = parseFields(decode(text.slice(SEAL_MARK.length)));
	const dialect = DIALECTS.find((name) => name === dialectName);
	const vendor = VENDORS.find((name) => name === vendorName);
	if (dialect === undefined || !isFields(value)) return undefined;
	return { dialect, ...(vendor === undefined ? {} : { vendor }), value: value as Native['value'] };
}

function decode(base64: string): string | undefined {
	try {
		return decoder.decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
	} catch {
		return undefined;
	}
}
