/** Messages: what only its vendor can read in a thinking block, and how another vendor's is carried there. */

import type { Native } from '../../protocol/conversation.ts';
import { carriedFor } from '../carried-native.ts';
import type { Fields } from '../fields.ts';
import { isSealed, seal, unseal } from '../sealed-native.ts';

/** The native part of a thinking block: its signature, its encrypted data, or what another vendor's was sealed into. */
export function nativeOf({ signature, data }: Fields): { readonly native?: Native } {
	const opaque = typeof signature === 'string' && signature !== '' ? signature : data;
	if (isSealed(opaque)) {
		const native = unseal(opaque);
		return native === undefined ? {} : { native };
	}
	if (opaque === signature && typeof signature === 'string' && signature !== '')
		return { native: { dialect: 'anthropic', value: { signature } } };
	return typeof data === 'string' ? { native: { dialect: 'anthropic', value: { data } } } : {};
}

/** A thinking block as a caller gets it; undefined where nothing would make it acceptable on the way back. */
export function thinkingBlock(text: string, native: Native | undefined): Fields | undefined {
	if (native === undefined) return undefined;
	const { signature, data } = native.dialect === 'anthropic' && native.vendor !== 'deepseek' ? native.value : {};
	if (typeof signature === 'string') return { type: 'thinking', thinking: text, signature };
	if (typeof data === 'string') return { type: 'redacted_thinking', data };
	const sealed = seal(native);
	return text === '' ? { type: 'redacted_thinking', data: sealed } : { type: 'thinking', thinking: text, signature: sealed };
}

/** A tool call has no opaque field, so what its vendor wants back with it goes ahead in a block of its own. */
export function carried({ id, native }: { readonly id: string; readonly native?: Native }): Fields[] {
	return native === undefined ? [] : [{ type: 'redacted_thinking', data: seal(carriedFor(id, native)) }];
}
