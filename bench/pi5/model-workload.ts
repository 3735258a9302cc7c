/** What a token costs, read from a model's file: bytes of the tensors that are streamed, and their elements. */

import { BITS_OF_TYPE, bytesPerToken } from '../kv-memory/cache-bytes.ts';
import type { ModelShape } from '../kv-memory/cache-shape.ts';
import type { Workload } from './projection.ts';

type Tensor = ModelShape['tensors'][number];

/** Looked up by row, not streamed; the table of tokens is streamed where it is the output matrix too. */
const PER_LAYER_TABLE = 'per_layer_token_embd.weight';
const TOKEN_TABLE = 'token_embd.weight';
const OUTPUT = 'output.weight';

export function workloadFrom(shape: ModelShape, type: string, threads: number): Workload {
	const { tensors } = shape;
	const hasOutput = tensors.some(({ name }) => name === OUTPUT);
	const isStreamed = (name: string): boolean => name !== PER_LAYER_TABLE && (name !== TOKEN_TABLE || !hasOutput);
	const isLayer = (name: string): boolean => name.startsWith('blk.') || name.startsWith('per_layer_model_proj');
	const streamed = tensors.filter(({ name }) => isStreamed(name));
	const elements = ({ dimensions }: Tensor): number => dimensions.reduce((product: number, size) => product * Number(size), 1);
	const cacheBytes = bytesPerToken(shape, type);
	const cacheElements = (cacheBytes * 8) / (BITS_OF_TYPE[type] ?? Number.NaN);
	return {
		weightBytes: streamed.reduce((sum, { bytes }) => sum + bytes, 0),
		layerMultiplications: streamed.filter(({ name }) => isLayer(name)).reduce((sum, tensor) => sum + elements(tensor), 0),
		cacheBytes,
		cacheElements,
		cacheType: type,
		attentionMultiplications: (cacheElements * shape.heads) / shape.keyValueHeads,
		threads,
	};
}
