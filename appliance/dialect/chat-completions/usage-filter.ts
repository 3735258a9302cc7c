/** Chat Completions: withholds the one event that tells a stream's usage, where we asked for it and the caller did not. */

import type { StreamFilter } from '../../protocol/ports.ts';
import { isFields } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The event we look for is a few hundred bytes; a longer one is let through at once. */
const HELD_LIMIT_BYTES = 64 * 1024;

export function createUsageFilter(): StreamFilter {
	return new UsageFilter();
}

/** Works on bytes, so that whatever it lets through is untouched. */
class UsageFilter implements StreamFilter {
	private held = new Uint8Array(0);
	/** Inside an event too long to be the one: goes through to its end. */
	private isPassing = false;

	push(chunk: Uint8Array): Uint8Array {
		const bytes = this.held.length === 0 ? chunk : concat(this.held, chunk);
		const kept: Uint8Array[] = [];
		let from = 0;
		for (let end = endOfEvent(bytes, 0); end >= 0; end = endOfEvent(bytes, from)) {
			const event = bytes.subarray(from, end);
			if (this.isPassing || !isUsageOnly(event)) kept.push(event);
			this.isPassing = false;
			from = end;
		}
		this.hold(bytes.subarray(from), kept);
		return join(kept);
	}

	private hold(rest: Uint8Array, kept: Uint8Array[]): void {
		if (rest.length > HELD_LIMIT_BYTES) this.isPassing = true;
		// Line ends at the very end stay, or the empty line that ends the event could be cut in two and missed.
		const passing = this.isPassing ? rest.findLastIndex((byte) => byte !== LF && byte !== CR) + 1 : 0;
		if (passing > 0) kept.push(rest.subarray(0, passing));
		this.held = rest.slice(passing);
	}

	end(): Uint8Array {
		const rest = this.held;
		this.held = new Uint8Array(0);
		return rest;
	}
}

/** Just behind the empty line that ends the event at `from`; -1 when it has not come yet. */
function endOfEvent(bytes: Uint8Array, from: number): number {
	for (let lf = bytes.indexOf(LF, from); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
		if (bytes[lf + 1] === LF) return lf + 2;
		if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3;
	}
	return -1;
}

const decoder = new TextDecoder();

function isUsageOnly(event: Uint8Array): boolean {
	if (event.length > HELD_LIMIT_BYTES) return false;
	const text = decoder.decode(event).trim();
	if (!text.startsWith('data:') || !text.includes('"usage"')) return false;
	const chunk = parseEvent(text.slice('data:'.length));
	return chunk !== undefined && isFields(chunk.usage) && Array.isArray(chunk.choices) && chunk.choices.length === 0;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
	if (parts.length === 1 && parts[0] !== undefined) return parts[0];
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
