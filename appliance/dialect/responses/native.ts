/** Responses: what only its vendor can read in a reasoning item, and how another vendor's is carried there. */

import type { JsonValue, Native } from '../../protocol/conversation.ts';
import type { ReplySource } from '../../protocol/ports.ts';
import { carriedFor } from '../carried-native.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { isSealed, seal, unseal } from '../sealed-native.ts';

/** The part of a reasoning item that its maker needs back: the item as it came, or what another vendor's was sealed into. */
export function nativeOf(item: Fields, vendor?: ReplySource['vendor']): { readonly native?: Native } {
	const { encrypted_content: encrypted } = item;
	if (isSealed(encrypted)) {
		const native = unseal(encrypted);
		return native === undefined ? {} : { native };
	}
	if (typeof encrypted !== 'string' || encrypted === '') return {};
	// How far it has come is said of an answer, and refused in a call.
	const { status: _status, ...kept } = item;
	const value = kept as { readonly [key: string]: JsonValue };
	return { native: { dialect: 'responses', ...(vendor === undefined ? {} : { vendor }), value } };
}

/** Text that a reasoning item shows: summaries, or the reasoning itself where its maker gives that. */
export function reasoningText({ summary, content }: Fields): string {
	const shown: readonly unknown[] = Array.isArray(summary) && summary.length > 0 ? summary : Array.isArray(content) ? content : [];
	return shown.map((part) => (isFields(part) ? (textOf(part.text) ?? '') : '')).join('\n\n');
}

/** A reasoning item as a caller gets it; undefined where nothing would make it acceptable on the way back. */
export function reasoningItem(id: string, text: string, native: Native | undefined): Fields | undefined {
	if (native === undefined) return undefined;
	if (native.dialect === 'responses') return { ...native.value, type: 'reasoning' };
	return { id, type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }], encrypted_content: seal(native) };
}

/** A tool call has no opaque field, so what its vendor wants back with it goes ahead in an item of its own. */
export function carriedItem(id: string, callId: string, native: Native | undefined): Fields | undefined {
	if (native === undefined) return undefined;
	return { id, type: 'reasoning', summary: [], encrypted_content: seal(carriedFor(callId, native)) };
}
