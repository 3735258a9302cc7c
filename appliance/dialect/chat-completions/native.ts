/** Chat Completions: what its vendors want back with the next call, and nobody else may see. */

import type { JsonValue, Native } from '../../protocol/conversation.ts';
import type { ReplySource } from '../../protocol/ports.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

/** The thinking in a message or delta: one vendor's word for it, or the other that servers of open models use. */
export function thinkingOf(message: Fields): string {
	return textOf(message.reasoning_content) ?? textOf(message.reasoning) ?? '';
}

/** The text itself is all there is to send back. */
export function thinkingNative({ vendor }: Pick<ReplySource, 'vendor'>): Native {
	return { dialect: 'chat-completions', ...(vendor === undefined ? {} : { vendor }), value: {} };
}

/** Gemini signs its calls in `extra_content.google.thought_signature` and refuses a history without (its page on thought signatures). */
export function callNative(call: Fields, { vendor }: Pick<ReplySource, 'vendor'>): { readonly native?: Native } {
	const { extra_content } = call;
	if (!isFields(extra_content)) return {};
	const maker = isFields(extra_content.google) ? 'gemini' : vendor;
	const value = { extra_content: extra_content as JsonValue };
	return { native: { dialect: 'chat-completions', ...(maker === undefined ? {} : { vendor: maker }), value } };
}

/** What Gemini documents for calls that it did not make: its check of signatures is passed over. */
export const FOREIGN_CALL = { google: { thought_signature: 'skip_thought_signature_validator' } };
