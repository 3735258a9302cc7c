/** Reads the output cap where a body names it, however often and under whatever key. */

import type { CallSpans } from '../protocol/call.ts';
import type { Body } from './body.ts';
import { refuse } from './fields.ts';

const decoder = new TextDecoder();

export function readSpans(body: Body, capKeys: readonly string[]): CallSpans {
	const { fields, insertAt } = body.scan;
	return {
		model: fields.filter(({ key }) => key === 'model'),
		outputCap: fields.filter(({ key }) => capKeys.includes(key)),
		insertAt,
		isEmpty: fields.length === 0,
	};
}

/** The greatest of all caps named: upstreams differ in which of two they read. Undefined when there is none, or null alone. */
export function readOutputCap(body: Body, spans: CallSpans, least: number): number | undefined {
	let cap: number | undefined;
	for (const { key, start, end } of spans.outputCap) {
		const value: unknown = JSON.parse(decoder.decode(body.bytes.subarray(start, end)));
		if (value === null) continue;
		if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
			return refuse(key, value, `a whole number from ${least}`);
		cap = Math.max(cap ?? 0, value);
	}
	return cap;
}
