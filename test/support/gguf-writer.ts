/** Writes small GGUF files (version 3) for tests: metadata and F32 tensors. */

type Scalar = { readonly type: 'u32' | 'f32' | 'bool' | 'string'; readonly value: number | boolean | string };
type List = { readonly type: 'array'; readonly of: Scalar['type'] | 'i32'; readonly values: readonly (number | boolean | string)[] };
export type GgufValue = Scalar | List;

export interface GgufTensor {
	readonly name: string;
	/** ggml order: the fastest dimension first. */
	readonly shape: readonly number[];
	readonly values: Float32Array;
}

const TYPE_IDS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const ALIGNMENT = 32;
const F32 = 0;

export function encodeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
	const entries = Object.entries(metadata).map(([key, value]) => Buffer.concat([text(key), encodeValue(value)]));
	let offset = 0;
	const infos = tensors.map(({ name, shape, values }) => {
		const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(F32), u64(offset)]);
		offset += aligned(values.byteLength);
		return info;
	});
	const head = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length), ...entries, ...infos]);
	const data = tensors.map(({ values }) => padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
	return Buffer.concat([padded(head), ...data]);
}

function encodeValue(value: GgufValue): Buffer {
	if (value.type !== 'array') return Buffer.concat([u32(TYPE_IDS[value.type]), encodeScalar(value.type, value.value)]);
	const items = value.values.map((item) => encodeScalar(value.of, item));
	return Buffer.concat([u32(TYPE_IDS.array), u32(TYPE_IDS[value.of]), u64(items.length), ...items]);
}

function encodeScalar(type: List['of'], value: number | boolean | string): Buffer {
	if (type === 'string') return text(String(value));
	if (type === 'bool') return Buffer.from([value === true ? 1 : 0]);
	const bytes = Buffer.alloc(4);
	if (type === 'f32') bytes.writeFloatLE(Number(value));
	else if (type === 'i32') bytes.writeInt32LE(Number(value));
	else bytes.writeUInt32LE(Number(value));
	return bytes;
}

function text(value: string): Buffer {
	const bytes = Buffer.from(value, 'utf8');
	return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
	return encodeScalar('u32', value);
}

function u64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

function aligned(length: number): number {
	return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
	return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
