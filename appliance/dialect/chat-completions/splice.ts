/** Chat Completions: the splice rules, with the one edit that other dialects do not need: asking a stream for its usage. */

import type { Call, Splice } from '../../protocol/call.ts';
import { Problem } from '../../protocol/problem.ts';
import { scanObject } from '../json-scan.ts';
import { type Edit, insertField, spliceBody } from '../splice.ts';

export function splice(body: Uint8Array, call: Call, changes: Splice): Uint8Array {
	return spliceBody(body, call, changes, { outputCapKey: 'max_completion_tokens', moreEdits: usageEdits });
}

function usageEdits(body: Uint8Array, call: Call, changes: Splice): readonly Edit[] {
	if (changes.includeUsage !== true || !call.isStream || call.isUsageWanted) return [];
	const spans = call.spans.streamOptions ?? [];
	if (spans.length === 0) return [insertField(call, 'stream_options', '{"include_usage":true}')];
	return spans.flatMap(({ start, end }) => usageEditsWithin(body.subarray(start, end), start));
}

/** Keeps the caller's other stream options as they are. */
function usageEditsWithin(options: Uint8Array, offset: number): Edit[] {
	const scan = scanObject(options);
	if (scan instanceof Problem) return [{ start: offset, end: offset + options.length, text: '{"include_usage":true}' }];
	const asked = scan.fields.filter(({ key }) => key === 'include_usage');
	if (asked.length > 0) return asked.map(({ start, end }) => ({ start: offset + start, end: offset + end, text: 'true' }));
	const at = offset + scan.insertAt;
	return [{ start: at, end: at, text: scan.fields.length === 0 ? '"include_usage":true' : '"include_usage":true,' }];
}
