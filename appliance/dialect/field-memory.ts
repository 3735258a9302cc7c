/** Values of the fields that come again, byte for byte, with every call of a conversation: its tools and its system text. */

import type { Span } from '../protocol/call.ts';
import type { ScannedField } from './json-scan.ts';

export interface KnownField extends Span {
	readonly key: string;
	/** Frozen: every call that brings the same bytes gets the same object. */
	readonly value: unknown;
}

interface Known {
	readonly text: string;
	readonly value: unknown;
}

const NAMES: ReadonlySet<string> = new Set(['tools', 'system', 'instructions']);

/** Below this, parsing costs less than looking. */
const LEAST_BYTES = 1_024;
/** Longer ones are too much to keep. */
const MOST_BYTES = 262_144;
/** Kept at most, all values together: some dozens of clients and their agents. */
const KEPT_CHARACTERS = 1_048_576;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Changes what a call costs and never what it says: the same bytes have the same value, whoever sent them. */
export class FieldMemory {
	/** By name and length: of two texts of one length the later one is known. */
	readonly #known = new Map<string, Known>();
	#characters = 0;

	/** Those of a body's fields that are known now, in their order; of a name that occurs twice, the last. */
	recall(bytes: Uint8Array, fields: readonly ScannedField[]): readonly KnownField[] {
		const found: KnownField[] = [];
		for (const field of fields) {
			const { key, start, end } = field;
			if (!NAMES.has(key) || end - start < LEAST_BYTES || end - start > MOST_BYTES) continue;
			if (field !== fields.findLast((other) => other.key === key)) continue;
			const value = this.#valueOf(key, bytes.subarray(start, end));
			if (value !== undefined) found.push({ key, start, end, value });
		}
		return found;
	}

	/** Undefined where the bytes are no JSON: whoever parses the whole body says so. */
	#valueOf(name: string, bytes: Uint8Array): unknown {
		try {
			const text = decoder.decode(bytes);
			const place = name + text.length;
			const known = this.#known.get(place);
			if (known?.text === text) return known.value;
			const value = frozen(JSON.parse(text));
			this.#keep(place, { text, value });
			return value;
		} catch {
			return undefined;
		}
	}

	#keep(place: string, known: Known): void {
		this.#drop(place);
		this.#known.set(place, known);
		this.#characters += known.text.length;
		for (const oldest of this.#known.keys()) {
			if (this.#characters <= KEPT_CHARACTERS) return;
			this.#drop(oldest);
		}
	}

	#drop(place: string): void {
		this.#characters -= this.#known.get(place)?.text.length ?? 0;
		this.#known.delete(place);
	}
}

/** The scan has bounded how deep it can be. */
function frozen(value: unknown): unknown {
	if (typeof value !== 'object' || value === null) return value;
	for (const one of Object.values(value)) frozen(one);
	return Object.freeze(value);
}
