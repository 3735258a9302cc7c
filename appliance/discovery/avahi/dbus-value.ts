/** Values of D-Bus as bytes, by their signature (D-Bus specification, "Marshaling"; little-endian): pure. */

/** What a signature says: numbers, texts, booleans, lists; a variant is `[signature, value]`. */
export type DbusValue = number | bigint | string | boolean | readonly DbusValue[];

const ALIGNMENTS: Readonly<Record<string, number>> = { y: 1, g: 1, v: 1, n: 2, q: 2, x: 8, t: 8, d: 8, '(': 8, '{': 8 };
const alignmentOf = (type: string): number => ALIGNMENTS[type[0] ?? ''] ?? 4;

/** Cuts a signature into its complete types. */
function typesOf(signature: string): string[] {
	const types: string[] = [];
	for (let at = 0; at < signature.length; ) {
		const end = endOfType(signature, at);
		types.push(signature.slice(at, end));
		at = end;
	}
	return types;
}

function endOfType(signature: string, start: number): number {
	let at = start;
	while (signature[at] === 'a') at += 1;
	if (signature[at] !== '(' && signature[at] !== '{') return at + 1;
	let depth = 0;
	do {
		if ('({'.includes(signature[at] ?? '')) depth += 1;
		if (')}'.includes(signature[at] ?? '')) depth -= 1;
		at += 1;
	} while (depth > 0 && at < signature.length);
	return at;
}

export class DbusWriter {
	private readonly bytes: number[] = [];

	get length(): number {
		return this.bytes.length;
	}

	align(to: number): void {
		while (this.bytes.length % to !== 0) this.bytes.push(0);
	}

	write(signature: string, values: readonly DbusValue[]): void {
		typesOf(signature).forEach((type, index) => {
			this.one(type, values[index] ?? 0);
		});
	}

	take(): Buffer {
		return Buffer.from(this.bytes);
	}

	private one(type: string, value: DbusValue): void {
		this.align(alignmentOf(type));
		if (type[0] === 'a') this.list(type.slice(1), value as readonly DbusValue[]);
		else if (type[0] === '(' || type[0] === '{') this.write(type.slice(1, -1), value as readonly DbusValue[]);
		else if (type === 'v') {
			const [inner, content] = value as [string, DbusValue];
			this.one('g', inner);
			this.one(inner, content);
		} else if (type === 's' || type === 'o') this.text(String(value), 4);
		else if (type === 'g') this.text(String(value), 1);
		else this.number(Number(value), type === 'y' ? 1 : alignmentOf(type));
	}

	private number(value: number, size: number): void {
		for (let index = 0; index < size; index += 1) this.bytes.push((value >> (8 * index)) & 0xff);
	}

	private text(text: string, lengthSize: number): void {
		const bytes = Buffer.from(text, 'utf8');
		this.number(bytes.length, lengthSize);
		this.bytes.push(...bytes, 0);
	}

	/** The length counts neither itself nor the padding before the first element. */
	private list(type: string, values: readonly DbusValue[]): void {
		const at = this.bytes.length;
		this.number(0, 4);
		this.align(alignmentOf(type));
		const start = this.bytes.length;
		for (const value of values) this.one(type, value);
		const length = this.bytes.length - start;
		for (let index = 0; index < 4; index += 1) this.bytes[at + index] = (length >> (8 * index)) & 0xff;
	}
}

/** Reads little-endian bytes whose first one is aligned. @throws RangeError where they end too early */
export class DbusReader {
	at = 0;
	private readonly bytes: Buffer;

	constructor(bytes: Buffer) {
		this.bytes = bytes;
	}

	align(to: number): void {
		this.at = Math.ceil(this.at / to) * to;
	}

	read(signature: string): DbusValue[] {
		return typesOf(signature).map((type) => this.one(type));
	}

	private one(type: string): DbusValue {
		this.align(alignmentOf(type));
		if (type[0] === 'a') return this.list(type.slice(1));
		if (type[0] === '(' || type[0] === '{') return this.read(type.slice(1, -1));
		if (type === 'v') {
			const inner = String(this.one('g'));
			return [inner, this.one(inner)];
		}
		if (type === 's' || type === 'o') return this.text(this.take(4, () => this.bytes.readUInt32LE(this.at)));
		if (type === 'g') return this.text(this.take(1, () => this.bytes.readUInt8(this.at)));
		return this.number(type);
	}

	private number(type: string): DbusValue {
		const { bytes, at } = this;
		if (type === 'y') return this.take(1, () => bytes.readUInt8(at));
		if (type === 'n') return this.take(2, () => bytes.readInt16LE(at));
		if (type === 'q') return this.take(2, () => bytes.readUInt16LE(at));
		if (type === 'x') return this.take(8, () => bytes.readBigInt64LE(at));
		if (type === 't') return this.take(8, () => bytes.readBigUInt64LE(at));
		if (type === 'd') return this.take(8, () => bytes.readDoubleLE(at));
		if (type === 'i') return this.take(4, () => bytes.readInt32LE(at));
		if (type === 'b') return this.take(4, () => bytes.readUInt32LE(at) !== 0);
		return this.take(4, () => bytes.readUInt32LE(at));
	}

	private take<T>(size: number, read: () => T): T {
		const value = read();
		this.at += size;
		return value;
	}

	private text(length: number): string {
		const text = this.bytes.toString('utf8', this.at, this.at + length);
		this.at += length + 1;
		return text;
	}

	private list(type: string): DbusValue[] {
		const length = this.take(4, () => this.bytes.readUInt32LE(this.at));
		this.align(alignmentOf(type));
		const end = this.at + length;
		const values: DbusValue[] = [];
		while (this.at < end) values.push(this.one(type));
		return values;
	}
}
