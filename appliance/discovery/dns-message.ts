/** Multicast DNS messages as bytes (RFC 1035, 4; RFC 6762, 18): pure, and the same on the box and on a developer's machine. */

export const TYPE = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;

/** Labels, without the root: `['_http', '_tcp', 'local']`. A label may hold a dot. */
export type Name = readonly string[];

export interface Question {
	readonly name: Name;
	readonly type: number;
	/** Asks for the answer to be sent to the asker alone. */
	readonly isUnicast: boolean;
}

export type RecordData =
	| { readonly type: typeof TYPE.A | typeof TYPE.AAAA; readonly address: string }
	| { readonly type: typeof TYPE.PTR; readonly target: Name }
	| { readonly type: typeof TYPE.SRV; readonly port: number; readonly target: Name }
	| { readonly type: typeof TYPE.TXT; readonly entries: readonly string[] };

export interface DnsRecord {
	readonly name: Name;
	readonly ttlSeconds: number;
	/** Ours alone: receivers flush what they had under this name and type. */
	readonly isUnique: boolean;
	readonly data: RecordData;
}

export interface DnsMessage {
	readonly id: number;
	readonly isResponse: boolean;
	readonly questions: readonly Question[];
	readonly answers: readonly DnsRecord[];
	/** What a probe means to take. */
	readonly authorities: readonly DnsRecord[];
	readonly additionals: readonly DnsRecord[];
}

const CLASS_IN = 1;
const TOP_BIT = 0x8000;
const RESPONSE_FLAGS = 0x8400;
/** A name cannot lead through more pointers than this without turning in circles. */
const MOST_JUMPS = 64;

export const nameKey = (name: Name): string => name.join('\0').toLowerCase();

class Writer {
	private readonly bytes: number[] = [];
	private readonly places = new Map<string, number>();

	short(value: number): void {
		this.bytes.push((value >> 8) & 0xff, value & 0xff);
	}

	long(value: number): void {
		this.short(Math.floor(value / 0x10000));
		this.short(value % 0x10000);
	}

	raw(bytes: Iterable<number>): void {
		this.bytes.push(...bytes);
	}

	/** Ends with a pointer to where the same labels stand already. */
	name(name: Name): void {
		for (let index = 0; index < name.length; index += 1) {
			// As written: whoever reads it may show the letters as they are.
			const key = JSON.stringify(name.slice(index));
			const place = this.places.get(key);
			if (place !== undefined) {
				this.short(0xc000 | place);
				return;
			}
			if (this.bytes.length < 0x4000) this.places.set(key, this.bytes.length);
			this.text(name[index] ?? '');
		}
		this.bytes.push(0);
	}

	text(text: string): void {
		const bytes = Buffer.from(text, 'utf8');
		this.bytes.push(bytes.length, ...bytes);
	}

	/** Writes a part whose length in bytes stands in front of it. */
	sized(write: () => void): void {
		const at = this.bytes.length;
		this.short(0);
		write();
		const length = this.bytes.length - at - 2;
		this.bytes[at] = length >> 8;
		this.bytes[at + 1] = length & 0xff;
	}

	take(): Buffer {
		return Buffer.from(this.bytes);
	}
}

export function encodeMessage(message: Partial<DnsMessage> & Pick<DnsMessage, 'isResponse'>): Buffer {
	const { id = 0, isResponse, questions = [], answers = [], authorities = [], additionals = [] } = message;
	const writer = new Writer();
	writer.short(id);
	writer.short(isResponse ? RESPONSE_FLAGS : 0);
	for (const section of [questions, answers, authorities, additionals]) writer.short(section.length);
	for (const { name, type, isUnicast } of questions) {
		writer.name(name);
		writer.short(type);
		writer.short(CLASS_IN | (isUnicast ? TOP_BIT : 0));
	}
	for (const record of [...answers, ...authorities, ...additionals]) writeRecord(writer, record);
	return writer.take();
}

function writeRecord(writer: Writer, { name, ttlSeconds, isUnique, data }: DnsRecord): void {
	writer.name(name);
	writer.short(data.type);
	writer.short(CLASS_IN | (isUnique ? TOP_BIT : 0));
	writer.long(ttlSeconds);
	writer.sized(() => writeData(writer, data));
}

function writeData(writer: Writer, data: RecordData): void {
	if (data.type === TYPE.PTR) writer.name(data.target);
	else if (data.type === TYPE.SRV) {
		writer.long(0);
		writer.short(data.port);
		writer.name(data.target);
	} else if (data.type === TYPE.TXT) for (const entry of data.entries.length === 0 ? [''] : data.entries) writer.text(entry);
	else writer.raw(addressBytes(data.address));
}

/** Of an IPv4 or IPv6 address without a zone. */
function addressBytes(address: string): number[] {
	if (!address.includes(':')) return address.split('.').map(Number);
	const [head = '', tail] = address.split('::');
	const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
	const front = groups(head);
	const back = tail === undefined ? [] : groups(tail);
	const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
	return [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]);
}

class Reader {
	at = 0;
	private readonly bytes: Buffer;

	constructor(bytes: Buffer) {
		this.bytes = bytes;
	}

	short(): number {
		this.at += 2;
		return this.bytes.readUInt16BE(this.at - 2);
	}

	long(): number {
		return this.short() * 0x10000 + this.short();
	}

	name(): Name {
		const { name, end } = this.nameFrom(this.at);
		this.at = end;
		return name;
	}

	/** @throws RangeError where the bytes end too early or pointers turn in circles */
	private nameFrom(start: number): { name: string[]; end: number } {
		const name: string[] = [];
		let at = start;
		let end: number | undefined;
		for (let jumps = 0; jumps < MOST_JUMPS; ) {
			const length = this.bytes.readUInt8(at);
			if (length === 0) return { name, end: end ?? at + 1 };
			if (length >= 0xc0) {
				end ??= at + 2;
				at = this.bytes.readUInt16BE(at) & 0x3fff;
				jumps += 1;
			} else {
				name.push(this.bytes.toString('utf8', at + 1, at + 1 + length));
				at += 1 + length;
			}
		}
		throw new RangeError('a name that leads in circles');
	}

	slice(length: number): Buffer {
		if (this.at + length > this.bytes.length) throw new RangeError('a record that is cut off');
		this.at += length;
		return this.bytes.subarray(this.at - length, this.at);
	}
}

/** Undefined for what is no DNS message; records of other types are left out. */
export function decodeMessage(bytes: Buffer): DnsMessage | undefined {
	try {
		const reader = new Reader(bytes);
		const id = reader.short();
		const isResponse = (reader.short() & TOP_BIT) !== 0;
		const [questionCount = 0, ...counts] = [reader.short(), reader.short(), reader.short(), reader.short()];
		const questions = Array.from({ length: questionCount }, () => readQuestion(reader));
		const [answers = [], authorities = [], additionals = []] = counts.map((count) => readRecords(reader, count));
		return { id, isResponse, questions, answers, authorities, additionals };
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function readQuestion(reader: Reader): Question {
	const name = reader.name();
	const type = reader.short();
	return { name, type, isUnicast: (reader.short() & TOP_BIT) !== 0 };
}

function readRecords(reader: Reader, count: number): DnsRecord[] {
	const records: DnsRecord[] = [];
	for (let index = 0; index < count; index += 1) {
		const name = reader.name();
		const type = reader.short();
		const isUnique = (reader.short() & TOP_BIT) !== 0;
		const ttlSeconds = reader.long();
		const length = reader.short();
		const end = reader.at + length;
		const data = readData(reader, type, length);
		reader.at = end;
		if (data !== undefined) records.push({ name, ttlSeconds, isUnique, data });
	}
	return records;
}

function readData(reader: Reader, type: number, length: number): RecordData | undefined {
	if (type === TYPE.PTR) return { type, target: reader.name() };
	if (type === TYPE.SRV) {
		reader.long();
		return { type, port: reader.short(), target: reader.name() };
	}
	if (type === TYPE.TXT) return { type, entries: readTexts(reader.slice(length)) };
	if (type === TYPE.A) return { type, address: [...reader.slice(4)].join('.') };
	if (type === TYPE.AAAA) return { type, address: formatIpv6(reader.slice(16)) };
	return undefined;
}

function readTexts(bytes: Buffer): string[] {
	const texts: string[] = [];
	for (let at = 0; at < bytes.length; ) {
		const length = bytes.readUInt8(at);
		if (length > 0) texts.push(bytes.toString('utf8', at + 1, at + 1 + length));
		at += 1 + length;
	}
	return texts;
}

/** In the short form that everybody writes. */
function formatIpv6(bytes: Buffer): string {
	const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
	return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
