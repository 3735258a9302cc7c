/** The model on the box: which one, how it is run, and what it may do. */

import { z } from 'zod';
import { prefixSchema } from '../prefix.ts';
import { count } from './values.ts';

/** Types of cached keys, "/", those of values, as ggml names them; the last are of the own build. */
const KV_CACHES = ['auto', 'f16', 'q8_0', 'tq4', 'tq5/tq4', 'tqs35/tq3', 'tqs40/tq4', 'tqs45/tq4', 'tqs50/tq5', 'tqs60/tq6'] as const;

export const localSchema = z.strictObject({
	isEnabled: z.boolean().default(true).describe('Whether the box answers calls itself.'),
	model: z
		.string()
		.min(1)
		.optional()
		.describe(
			'Model name of `innerloop model list`, or the path of a GGUF file. Default: Gemma 4 E2B where its file is present, else the embedded small model.',
		),
	contextTokens: count.optional().describe('Context of one slot; default: what the model was trained for, at most 131072.'),
	slots: count.max(16).default(2).describe('Calls that are decoded at once.'),
	threads: count.optional().describe('Threads of the engine; default: all cores.'),
	queueLength: count.default(16).describe('Calls that may wait for a slot; more get 529.'),
	prefillChunkTokens: count.default(256).describe('Prompt tokens evaluated between two looks at aborts and other slots.'),
	mostStallMs: count
		.max(60_000)
		.default(2_000)
		.describe('Longest pause of an answer that is being written while another prompt is read: prompts are then read in smaller steps.'),
	prefix: prefixSchema.prefault({}),
	admission: z
		.enum(['auto', 'off'])
		.default('auto')
		.describe('auto: the local model slows or steps aside before the machine swaps or throttles. off: it never does.'),
	build: z
		.enum(['auto', 'prebuilt', 'own'])
		.default('auto')
		.describe(
			'Engine binary: the prebuilt one, or one built here in the background and taken over when idle. auto builds where there are patches.',
		),
	kvCache: z
		.enum(KV_CACHES)
		.default('auto')
		.describe(
			'How cached keys/values are stored. auto: the smallest that keeps the quality, where the own build and the model allow it, else q8_0. innerloop kv status says what is in use.',
		),
	kvCalibration: z
		.boolean()
		.default(true)
		.describe("Whether the box measures its model's keys once, in the background when nothing runs, so that fewer bits hold them as well."),
	allowedTools: z
		.array(z.string().min(1))
		.default([
			'Read',
			'Grep',
			'Glob',
			'LS',
			'read',
			'grep',
			'glob',
			'list',
			'ls',
			'read_file',
			'search',
			'list_dir',
			'list_directory',
			'search_files',
			'find_files',
		])
		.describe('Tools that the local model may call: read-only ones. Others are not offered to it.'),
});
