/** Responses: what only its vendor has, or can read: an answer without it would be an answer to something else. */

import { type Fields, isFields, textOf } from '../fields.ts';
import { typeOf } from './content-facts.ts';

const FIELDS: Readonly<Record<string, string>> = {
	previous_response_id: 'stored response (previous_response_id)',
	conversation: 'stored conversation',
	prompt: 'stored prompt',
};

const ITEMS: ReadonlyMap<string, string> = new Map([
	['item_reference', 'stored item (item_reference)'],
	['compaction', 'history that was compacted and encrypted'],
	['compaction_summary', 'history that was compacted and encrypted'],
	['context_compaction', 'history that was compacted and encrypted'],
	['compaction_trigger', 'compaction of its own'],
]);

/** How the vendor's encrypted texts begin: a version byte and a time, in base64. */
const ENCRYPTED = /^gAAAA[A-Za-z0-9_-]{16}/;

/** Words for a person, each once; they complete "there is no …". */
export function heldByVendor(fields: Fields, items: readonly Fields[]): readonly string[] {
	const names = Object.entries(FIELDS).flatMap(([field, name]) => (fields[field] === undefined || fields[field] === null ? [] : [name]));
	return [...new Set([...names, ...items.flatMap((item) => heldItem(item) ?? [])])];
}

function heldItem(item: Fields): string | undefined {
	const type = typeOf(item);
	if (type !== 'agent_message') return ITEMS.get(type);
	const parts: readonly unknown[] = Array.isArray(item.content) ? item.content : [];
	const isHidden = parts.some((part) => isFields(part) && ENCRYPTED.test(textOf(part.encrypted_content) ?? ''));
	return isHidden ? 'message between agents that was encrypted' : undefined;
}
