/** `npm run bench:kv-speed`: decoding and prefill at depth with our attention beside llama.cpp's, in one run. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Attention, openKvTools } from '../lib/kv-tools.ts';
import { type Figure, formatValue, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { Costs } from './costs.ts';

const USAGE = `Usage: npm run bench:kv-speed -- [options]

  --model FILE   also time this whole model (more than one: repeat it)
  --types LIST   types of cache, KEYS/VALUES where they differ (default: f16,q8_0,q4_0,tq4,tq5,tq5/tq4)
  --depths LIST  tokens in the cache (default: 0,4096,16384,32768)
  --tokens N     tokens decoded at each depth, the least of which counts (default: 16)
  --batch N      tokens of the prefill at each depth; 0 leaves it out (default: 256)
  --threads N    of the whole model (default: 1); attention alone runs on one
  --rounds N     all types in turns, so many times; the least counts (default: 2)
  --json FILE    also write {machine, commit, figures} there

Times are CPU time and the least of several: the machine's other work only ever adds.
`;

/** llama.cpp's own kernel reads the codec's types through floats, for tests alone: no peer. */
const kernelsOf = (type: string): readonly Attention[] => (type.startsWith('tq') ? ['grouped'] : ['stock', 'grouped']);
/** A global layer of Gemma 4 E2B. */
const HEADS = '8';
const HEAD_SIZE = '512';
const ROUNDS = '15';

const { values } = parseArgs({
	options: {
		model: { type: 'string', multiple: true, default: [] },
		types: { type: 'string', default: 'f16,q8_0,q4_0,tq4,tq5,tq5/tq4' },
		depths: { type: 'string', default: '0,4096,16384,32768' },
		tokens: { type: 'string', default: '16' },
		batch: { type: 'string', default: '256' },
		threads: { type: 'string', default: '1' },
		rounds: { type: 'string', default: '2' },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

if (values.help) {
	console.log(USAGE);
	process.exit(0);
}

const run = await openKvTools();
const types = values.types.split(',');
const depths = values.depths.split(',');
/** Kernels and types in turns, in the order of the tables. */
const variants = types.flatMap((type) => kernelsOf(type).map((kernel) => ({ kernel, type, name: `${kernel}/${type}` })));
const figures = [...(await attentionAlone())];
for (const model of values.model) figures.push(...(await wholeModel(model)));
console.log('');
printTargets(figures);
if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));

function printCosts(
	title: string,
	columns: readonly string[],
	rows: readonly string[],
	cell: (row: string, column: string) => string,
): void {
	console.log(`\n${title}`);
	printTable(
		['', ...columns],
		rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
	);
}

async function attentionAlone(): Promise<readonly Figure[]> {
	const tokens = depths.filter((depth) => depth !== '0');
	const costs = new Costs();
	for (let round = 0; round < Number(values.rounds); round += 1) {
		for (const { kernel, type, name } of variants) {
			for (const depth of tokens) {
				const [one] = await run('attention_lab', ['time', type, depth, '1', HEADS, HEAD_SIZE, ROUNDS], kernel);
				costs.add(`${name}/${depth}`, one?.cpuMs);
			}
		}
	}
	const names = variants.map(({ name }) => name);
	const title = `Attention of one token, ${HEADS} heads of ${HEAD_SIZE} on one KV head`;
	printCosts(`${title}, ms of one core`, tokens, names, (name, depth) => formatValue(costs.of(`${name}/${depth}`)));
	const gain = (name: string, depth: string): number => costs.of(`stock/f16/${depth}`) / costs.of(`${name}/${depth}`);
	printCosts('How many times faster than llama.cpp with f16', tokens, names, (name, depth) => formatValue(gain(name, depth)));
	const deepest = tokens.at(-1) ?? '';
	return [
		...costs.figures('attention/'),
		...types
			.map((type): Figure => {
				const value = gain(`grouped/${type}`, deepest);
				return { name: `attention/${type}/faster-than-stock-f16`, value, unit: '×', target: { is: '>=', value: 6 } };
			})
			.filter(({ value }) => Number.isFinite(value)),
	];
}

async function wholeModel(model: string): Promise<readonly Figure[]> {
	const costs = new Costs();
	for (let round = 0; round < Number(values.rounds); round += 1) {
		for (const { kernel, type, name } of variants) {
			const lines = await run('kv_speed', [model, type, values.threads, values.tokens, values.batch, ...depths], kernel);
			for (const { what, depth, cpuMs } of lines) costs.add(`${what}/${name}/${depth}`, cpuMs);
		}
	}
	const names = variants.map(({ name }) => name);
	const share = (name: string, depth: string): number => (100 * costs.of(`decode/${name}/0`)) / costs.of(`decode/${name}/${depth}`);
	for (const what of ['decode', 'prefill']) {
		const title = `${model}, ${what}, ms of CPU time a token`;
		printCosts(title, depths, names, (name, depth) => formatValue(costs.of(`${what}/${name}/${depth}`)));
	}
	printCosts('Decoding, % of the speed at depth 0', depths, names, (name, depth) => formatValue(share(name, depth)));
	return [...costs.figures(''), ...types.flatMap((type) => goals(costs, type, share(`grouped/${type}`, depths.at(-1) ?? '')))];
}

/** Prefill is held to f16 at 16K, decoding to its own start at the deepest. */
function goals(costs: Costs, type: string, share: number): readonly Figure[] {
	const depth = depths.includes('16384') ? '16384' : (depths.at(-1) ?? '');
	const prefill = costs.of(`prefill/stock/f16/${depth}`) / costs.of(`prefill/grouped/${type}/${depth}`);
	const found: readonly Figure[] = [
		{ name: `decode/${type}/share-of-depth-0`, value: share, unit: '%', target: { is: '>=', value: 85 } },
		{ name: `prefill/${type}/faster-than-stock-f16`, value: prefill, unit: '×', target: { is: '>=', value: 1 } },
	];
	return found.filter(({ value }) => Number.isFinite(value));
}
