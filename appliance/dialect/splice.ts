/** Replaces byte ranges of a body and leaves every other byte as it came. */

import type { Call, Span, Splice } from '../protocol/call.ts';

interface Edit extends Span {
	readonly text: string;
}

export interface SpliceRules {
	/** The key that a missing output cap is put in under. */
	readonly outputCapKey: string;
	/** Further edits of a dialect. */
	readonly moreEdits?: (body: Uint8Array, call: Call, splice: Splice) => readonly Edit[];
}

const encoder = new TextEncoder();

/** Returns `body` itself when nothing is to change. Every occurrence of a repeated key is replaced, whichever the upstream would read. */
export function spliceBody(body: Uint8Array, call: Call, splice: Splice, rules: SpliceRules): Uint8Array {
	const edits: Edit[] = [];
	if (splice.model !== undefined) edits.push(...replaceAll(call.spans.model, JSON.stringify(splice.model)));
	if (splice.outputCapTokens !== undefined) {
		const text = String(splice.outputCapTokens);
		if (call.spans.outputCap.length > 0) edits.push(...replaceAll(call.spans.outputCap, text));
		else edits.push(insertField(call, rules.outputCapKey, text));
	}
	edits.push(...(rules.moreEdits?.(body, call, splice) ?? []));
	return edits.length === 0 ? body : applyEdits(body, edits);
}

function replaceAll(spans: readonly Span[], text: string): Edit[] {
	return spans.map(({ start, end }) => ({ start, end, text }));
}

export function insertField(call: Call, key: string, json: string): Edit {
	const at = call.spans.insertAt;
	return { start: at, end: at, text: `"${key}":${json}${call.spans.isEmpty ? '' : ','}` };
}

export function applyEdits(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
	const ordered = edits.map((edit) => ({ ...edit, bytes: encoder.encode(edit.text) })).sort((a, b) => a.start - b.start || a.end - b.end);
	const growth = ordered.reduce((sum, edit) => sum + edit.bytes.length - (edit.end - edit.start), 0);
	const result = new Uint8Array(body.length + growth);
	let from = 0;
	let to = 0;
	for (const edit of ordered) {
		result.set(body.subarray(from, edit.start), to);
		to += edit.start - from;
		result.set(edit.bytes, to);
		to += edit.bytes.length;
		from = edit.end;
	}
	result.set(body.subarray(from), to);
	return result;
}

export type { Edit };
