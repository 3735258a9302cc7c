/** Text of UTF-8 bytes that come in pieces, wherever they are cut. */

const BYTE_ORDER_MARK = '\ufeff';
const options = { ignoreBOM: true } as const;

/** For pieces that end between two characters, as nearly all do: a decoder that keeps state costs ten times as much. */
const whole = new TextDecoder('utf-8', options);

/** What is no UTF-8 becomes U+FFFD; a byte order mark at the start is left out. */
export class TextPieces {
	#rest: InstanceType<typeof TextDecoder> | undefined;
	#isInside = false;
	#isFirst = true;

	push(bytes: Uint8Array): string {
		if (bytes.length === 0) return '';
		const isInside = (bytes[bytes.length - 1] ?? 0) >= 0x80;
		const text = this.#isInside || isInside ? this.#decodeRest(bytes) : whole.decode(bytes);
		this.#isInside = isInside;
		if (!this.#isFirst || text === '') return text;
		this.#isFirst = false;
		return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
	}

	/** What a character that was cut off at the end stands for. */
	end(): string {
		return this.#rest?.decode() ?? '';
	}

	#decodeRest(bytes: Uint8Array): string {
		this.#rest ??= new TextDecoder('utf-8', options);
		return this.#rest.decode(bytes, { stream: true });
	}
}
