/** The shapes of a cache, read from a model's file. */

import { readGgufFileInfo } from 'node-llama-cpp';
import type { CacheShape } from './cache-bytes.ts';

/** Five layers with a window, then one without. */
const GEMMA3_PERIOD = 6;

export interface ModelShape extends CacheShape {
	/** Of queries. */
	readonly heads: number;
	readonly tensors: readonly { readonly name: string; readonly dimensions: readonly (number | bigint)[]; readonly bytes: number }[];
}

/** @throws when the file is no GGUF */
export async function readModelShape(modelPath: string): Promise<ModelShape> {
	const info = await readGgufFileInfo(modelPath, { logWarnings: false });
	const found = info.architectureMetadata as { readonly block_count: number; readonly attention: Readonly<Record<string, unknown>> };
	const architecture: string = info.metadata.general.architecture;
	const number = (key: string): number => Number(found.attention[key] ?? 0);
	const sorted = [...(info.fullTensorInfo ?? [])].sort((a, b) => Number(a.offset) - Number(b.offset));
	return {
		layers: found.block_count,
		sharedLayers: number('shared_kv_layers'),
		hasWindow: windowsOf(architecture, found.block_count, found.attention.sliding_window_pattern),
		keyValueHeads: number('head_count_kv'),
		headSize: number('key_length'),
		heads: number('head_count'),
		tensors: sorted.map(({ name, dimensions, offset }, at) => ({
			name,
			dimensions,
			// The last one is a norm of a few kilobytes in every file that was seen.
			bytes: Number(sorted[at + 1]?.offset ?? offset) - Number(offset),
		})),
	};
}

/** Files say it layer by layer, or by the period after which a layer sees everything; of Gemma 3 llama.cpp knows the period. */
export function windowsOf(architecture: string, layers: number, pattern: unknown): readonly boolean[] {
	if (Array.isArray(pattern)) return pattern.map(Boolean);
	const period = Number(pattern ?? (architecture === 'gemma3' ? GEMMA3_PERIOD : 0));
	return period > 0 ? Array.from({ length: layers }, (_, layer) => layer % period < period - 1) : [];
}
