/** Responses: the splice rules, with the one edit that other dialects do not need: leaving out tools that the vendor executes. */

import type { Call, Splice } from '../../protocol/call.ts';
import { Problem } from '../../protocol/problem.ts';
import { parseFields } from '../client-headers.ts';
import { scanObject } from '../json-scan.ts';
import { type Edit, spliceBody } from '../splice.ts';

export function splice(body: Uint8Array, call: Call, changes: Splice): Uint8Array {
	return spliceBody(body, call, changes, { outputCapKey: 'max_output_tokens', moreEdits: toolEdits });
}

/** The tools that stay keep their bytes. */
function toolEdits(body: Uint8Array, { spans }: Call, { withoutTools = [] }: Splice): readonly Edit[] {
	const { tools } = spans;
	if (withoutTools.length === 0 || tools === undefined) return [];
	const kept = elements(body.subarray(tools.start, tools.end)).filter((tool) => !withoutTools.includes(String(parseFields(tool).type)));
	return [{ ...tools, text: `[${kept.join(',')}]` }];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEAD = encoder.encode('{"list":');

/** The texts of the objects that stand directly in an array. */
function elements(array: Uint8Array): readonly string[] {
	const wrapped = new Uint8Array(HEAD.length + array.length + 1);
	wrapped.set(HEAD);
	wrapped.set(array, HEAD.length);
	wrapped[wrapped.length - 1] = 0x7d;
	const scan = scanObject(wrapped, 'list');
	return scan instanceof Problem ? [] : scan.messages.map(({ start, end }) => decoder.decode(wrapped.subarray(start, end)));
}
