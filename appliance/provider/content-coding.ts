/** Content codings (RFC 9110 §8.4): what stands in a `content-encoding` field, and how such bytes are read. */

import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

export const CODINGS = ['zstd', 'gzip', 'br', 'deflate'] as const;
export type Coding = (typeof CODINGS)[number];

/** Nobody has a reason to code a body more often, and each coding is a decoder with memory of its own. */
const MOST_CODINGS = 2;
/** RFC 9659: a sender of coded content may not ask its reader for a window above 8 MiB. */
const ZSTD_WINDOW_LOG = 23;
const CHUNK_BYTES = 65_536;
/** A body of nothing but empty frames would have us make millions of decoders. */
const MOST_FRAMES = 64;

type Decoder = Transform & { readonly bytesWritten: number };

/** The codings in the order in which they were applied; undefined where one is not known, or there are too many. */
export function codingsOf(field: string | readonly string[]): readonly Coding[] | undefined {
	const words = [field].flat().join(',').toLowerCase().split(',');
	const codings: Coding[] = [];
	for (const word of words.map((one) => one.trim()).filter((one) => one !== '' && one !== 'identity')) {
		const coding = CODINGS.find((one) => one === word.replace(/^x-(?=gzip$)/, ''));
		if (coding === undefined || codings.length === MOST_CODINGS) return undefined;
		codings.push(coding);
	}
	return codings;
}

/** Does a `deflate` body begin with zlib's header (RFC 1950), as it should? Some senders leave it out. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean => (first & 15) === 8 && (first * 256 + second) % 31 === 0;

/** @param head the first bytes of what is to be read */
function createDecoder(coding: Coding, head: Uint8Array): Decoder {
	if (coding === 'zstd')
		return createZstdDecompress({ chunkSize: CHUNK_BYTES, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });
	if (coding === 'br') return createBrotliDecompress({ chunkSize: CHUNK_BYTES });
	if (coding === 'gzip') return createGunzip({ chunkSize: CHUNK_BYTES });
	return hasZlibHeader(head) ? createInflate({ chunkSize: CHUNK_BYTES }) : createInflateRaw({ chunkSize: CHUNK_BYTES });
}

/** The decoded bytes are more than was allowed; nothing beyond that was decoded. */
export class TooManyBytes extends Error {}

/** Rejects with TooManyBytes as soon as more than `mostBytes` come out of any coding, and with zlib's error for broken bytes. */
export async function decodeBytes(bytes: Uint8Array, codings: readonly Coding[], mostBytes: number): Promise<Buffer> {
	let decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	for (const coding of codings.toReversed()) decoded = await decodeOnce(decoded, coding, mostBytes);
	return decoded;
}

async function decodeOnce(bytes: Buffer, coding: Coding, mostBytes: number): Promise<Buffer> {
	const pieces: Buffer[] = [];
	let sumBytes = 0;
	let rest = bytes;
	// A zstd body may be several frames, of which a decoder reads one.
	const mostFrames = coding === 'zstd' ? MOST_FRAMES : 1;
	for (let frame = 0; frame === 0 || (rest.length > 0 && frame < mostFrames); frame += 1) {
		const decoder = createDecoder(coding, rest);
		decoder.end(rest);
		for await (const piece of decoder as AsyncIterable<Buffer>) {
			sumBytes += piece.length;
			if (sumBytes > mostBytes) throw new TooManyBytes();
			pieces.push(piece);
		}
		rest = rest.subarray(decoder.bytesWritten);
	}
	if (rest.length > 0) throw new Error('there are bytes behind the end');
	return Buffer.concat(pieces, sumBytes);
}

/** Decodes while the bytes come; throws the source's own error, and zlib's for broken or cut bytes. */
export async function* decodeStream(source: AsyncIterable<Uint8Array>, codings: readonly Coding[]): AsyncGenerator<Uint8Array> {
	let stream = source;
	for (const coding of codings.toReversed()) stream = decodeStreamOnce(stream, coding);
	yield* stream;
}

async function* decodeStreamOnce(source: AsyncIterable<Uint8Array>, coding: Coding): AsyncGenerator<Uint8Array> {
	const iterator = source[Symbol.asyncIterator]();
	const first = await iterator.next();
	if (first.done === true) return;
	let readBytes = 0;
	async function* counted(): AsyncGenerator<Uint8Array> {
		try {
			for (let one: IteratorResult<Uint8Array> = first; one.done !== true; one = await iterator.next()) {
				readBytes += one.value.length;
				yield one.value;
			}
		} finally {
			await iterator.return?.();
		}
	}
	const decoder = createDecoder(coding, first.value);
	const piped = pipeline(Readable.from(counted()), decoder);
	piped.catch(() => undefined);
	yield* decoder as AsyncIterable<Uint8Array>;
	await piped;
	if (decoder.bytesWritten < readBytes) throw new Error('there are bytes behind the end');
}
