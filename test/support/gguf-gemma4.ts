/** A tiny Gemma 4 with random weights: true head sizes, window, shared layers, control tokens and chat template; no sense. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGgufFileInfo } from 'node-llama-cpp';
import { cacheDir } from '../../appliance/config/places.ts';
import { encodeGguf, type GgufTensor, type GgufValue } from './gguf-writer.ts';

/** Raise it when this file changes what it writes. */
const REVISION = 3;

/** The structure of E2B: every third layer sees all, the others a window; the last three read the caches of others. */
const LAYERS = 6;
const SHARED_LAYERS = 3;
const EVERY = 3;
const WIDTH = 64;
const HEADS = 2;
const FULL_HEAD = 512;
const WINDOW_HEAD = 256;
const FEED_FORWARD = 128;
const PER_LAYER = 32;
const WINDOW_TOKENS = 64;

const CONTROL_TOKENS = [
	...['<pad>', '<eos>', '<bos>', '<unk>', '<mask>', '<|turn>', '<turn|>', '<|channel>', '<channel|>', '<|tool>', '<tool|>'],
	...['<|tool_call>', '<tool_call|>', '<|tool_response>', '<tool_response|>', '<|"|>', '<|think|>'],
];
/** In the real vocabulary these are user-defined, not control tokens: harder to keep out of a caller's text. */
const USER_DEFINED = new Set(['<|channel>', '<channel|>', '<|tool_call>', '<tool_call|>', '<tool_response|>', '<|"|>']);
const WORDS = ['the', 'an', 'in', 'er', 'on', 're', 'user', 'model', 'is', 'to', 'of', 'and'];

const CONTROL = 3;
const USER = 4;
const BYTE = 6;
const NORMAL = 1;

/** Writes the file into the cache once. @returns its path */
export async function tinyGemma4(): Promise<string> {
	const folder = join(cacheDir(process.env, homedir()), 'test');
	const file = join(folder, `gemma4-tiny-${REVISION}.gguf`);
	if (existsSync(file)) return file;
	mkdirSync(folder, { recursive: true });
	const bytes = encodeGguf(await metadata(), tensors());
	const draft = `${file}.${process.pid}`;
	writeFileSync(draft, bytes);
	renameSync(draft, file);
	return file;
}

/** The chat template of the model's vocabulary file, which stands in the llama.cpp that node-llama-cpp carries. */
export async function gemma4Template(): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-gemma4-'));
	try {
		const bundle = join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..', 'llama', 'gitRelease.bundle');
		const clone = join(folder, 'llama.cpp');
		execFileSync('git', ['clone', '--quiet', '--no-checkout', bundle, clone], { stdio: 'pipe' });
		const vocabulary = execFileSync('git', ['-C', clone, 'show', 'HEAD:models/ggml-vocab-gemma-4.gguf'], { maxBuffer: 64 * 1024 * 1024 });
		const file = join(folder, 'vocabulary.gguf');
		writeFileSync(file, vocabulary);
		const { metadata: found } = await readGgufFileInfo(file, { readTensorInfo: false, logWarnings: false });
		const template = found.tokenizer?.chat_template;
		if (template === undefined) throw new Error('the vocabulary file of Gemma 4 has no chat template');
		return template;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function metadata(): Promise<Readonly<Record<string, GgufValue>>> {
	const { tokens, types, merges } = vocabulary();
	const u32 = (value: number): GgufValue => ({ type: 'u32', value });
	const f32 = (value: number): GgufValue => ({ type: 'f32', value });
	const text = (value: string): GgufValue => ({ type: 'string', value });
	const flag = (value: boolean): GgufValue => ({ type: 'bool', value });
	const shape: Readonly<Record<string, GgufValue>> = {
		context_length: u32(8_192),
		embedding_length: u32(WIDTH),
		block_count: u32(LAYERS),
		feed_forward_length: { type: 'array', of: 'i32', values: layers().map(feedForward) },
		'attention.head_count': u32(HEADS),
		'attention.head_count_kv': u32(1),
		'attention.layer_norm_rms_epsilon': f32(1e-6),
		'attention.key_length': u32(FULL_HEAD),
		'attention.value_length': u32(FULL_HEAD),
		'attention.key_length_swa': u32(WINDOW_HEAD),
		'attention.value_length_swa': u32(WINDOW_HEAD),
		'rope.freq_base': f32(1e6),
		'rope.freq_base_swa': f32(1e4),
		'rope.dimension_count': u32(FULL_HEAD),
		'rope.dimension_count_swa': u32(WINDOW_HEAD),
		'attention.sliding_window': u32(WINDOW_TOKENS),
		'attention.sliding_window_pattern': { type: 'array', of: 'bool', values: layers().map(hasWindow) },
		'attention.shared_kv_layers': u32(SHARED_LAYERS),
		embedding_length_per_layer_input: u32(PER_LAYER),
		final_logit_softcapping: f32(30),
	};
	return {
		'general.architecture': text('gemma4'),
		'general.name': text('Gemma 4 tiny, random'),
		...Object.fromEntries(Object.entries(shape).map(([key, value]) => [`gemma4.${key}`, value])),
		'tokenizer.ggml.model': text('gemma4'),
		'tokenizer.ggml.tokens': { type: 'array', of: 'string', values: tokens },
		'tokenizer.ggml.scores': { type: 'array', of: 'f32', values: tokens.map(() => -1_000) },
		'tokenizer.ggml.token_type': { type: 'array', of: 'i32', values: types },
		'tokenizer.ggml.merges': { type: 'array', of: 'string', values: merges },
		'tokenizer.ggml.bos_token_id': u32(2),
		'tokenizer.ggml.eos_token_id': u32(1),
		'tokenizer.ggml.unknown_token_id': u32(3),
		'tokenizer.ggml.padding_token_id': u32(0),
		'tokenizer.ggml.mask_token_id': u32(4),
		'tokenizer.ggml.add_space_prefix': flag(false),
		'tokenizer.ggml.add_bos_token': flag(true),
		'tokenizer.chat_template': text(await gemma4Template()),
	};
}

function vocabulary(): { readonly tokens: readonly string[]; readonly types: readonly number[]; readonly merges: readonly string[] } {
	const pieces = WORDS.flatMap((word) =>
		Array.from({ length: word.length - 1 }, (_, index) => [word.slice(0, index + 1), word.charAt(index + 1)]),
	);
	const merges = [...new Set(pieces.map(([left, right]) => `${left} ${right}`))];
	const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
	const characters = ['\n', '\t', '\u2581', ...Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))];
	const merged = [...new Set(pieces.map(([left, right]) => `${left}${right}`))];
	const named = [
		...CONTROL_TOKENS.map((text) => [text, USER_DEFINED.has(text) ? USER : CONTROL] as const),
		...bytes.map((text) => [text, BYTE] as const),
		...[...characters, ...merged].map((text) => [text, NORMAL] as const),
	];
	while (named.length % 64 !== 0) named.push([`<unused${named.length}>`, NORMAL]);
	return { tokens: named.map(([text]) => text), types: named.map(([, type]) => type), merges };
}

function tensors(): readonly GgufTensor[] {
	const random = normalNumbers(20_241_123);
	const made: GgufTensor[] = [];
	const put = (name: string, shape: readonly number[], sigma: number, mean = 0): void => {
		const values = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => mean + sigma * random());
		made.push({ name, shape, values });
	};
	const matrix = (name: string, inputs: number, outputs: number): void => put(name, [inputs, outputs], 1 / Math.sqrt(inputs));
	const norm = (name: string, size: number, mean = 1): void => put(name, [size], 0.05, mean);
	const tokenCount = vocabulary().tokens.length;
	matrix('token_embd.weight', WIDTH, tokenCount);
	put('per_layer_token_embd.weight', [PER_LAYER * LAYERS, tokenCount], 1 / Math.sqrt(PER_LAYER));
	put('per_layer_model_proj.weight', [WIDTH, PER_LAYER * LAYERS], 1);
	norm('per_layer_proj_norm.weight', PER_LAYER);
	norm('output_norm.weight', WIDTH);
	const rotated = FULL_HEAD / 8;
	const frequencies = Float32Array.from({ length: FULL_HEAD / 2 }, (_, index) => (index < rotated ? 1 : 1e30));
	made.push({ name: 'rope_freqs.weight', shape: [FULL_HEAD / 2], values: frequencies });
	for (const layer of layers()) {
		const head = hasWindow(layer) ? WINDOW_HEAD : FULL_HEAD;
		const at = (name: string): string => `blk.${layer}.${name}.weight`;
		for (const name of ['attn_norm', 'post_attention_norm', 'ffn_norm', 'post_ffw_norm', 'post_norm']) norm(at(name), WIDTH);
		matrix(at('attn_q'), WIDTH, head * HEADS);
		norm(at('attn_q_norm'), head, 0.3);
		if (layer < LAYERS - SHARED_LAYERS) {
			matrix(at('attn_k'), WIDTH, head);
			norm(at('attn_k_norm'), head, 0.3);
			matrix(at('attn_v'), WIDTH, head);
		}
		matrix(at('attn_output'), head * HEADS, WIDTH);
		matrix(at('ffn_gate'), WIDTH, feedForward(layer));
		matrix(at('ffn_up'), WIDTH, feedForward(layer));
		matrix(at('ffn_down'), feedForward(layer), WIDTH);
		matrix(at('inp_gate'), WIDTH, PER_LAYER);
		matrix(at('proj'), PER_LAYER, WIDTH);
		made.push({ name: at('layer_output_scale'), shape: [1], values: Float32Array.of(1) });
	}
	return made;
}

function layers(): readonly number[] {
	return Array.from({ length: LAYERS }, (_, layer) => layer);
}

function hasWindow(layer: number): boolean {
	return (layer + 1) % EVERY !== 0;
}

/** Layers without a cache of their own are twice as wide. */
function feedForward(layer: number): number {
	return layer >= LAYERS - SHARED_LAYERS ? FEED_FORWARD * 2 : FEED_FORWARD;
}

/** Box–Muller over a small congruential generator: the same file on every machine. */
function normalNumbers(seed: number): () => number {
	let state = seed >>> 0;
	const uniform = (): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return (state + 1) / 4_294_967_297;
	};
	return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
