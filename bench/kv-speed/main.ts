/** `npm run bench:kv-speed`: decoding and prefill at depth with our attention beside llama.cpp's, in one run. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Attention, openKvTools } from '../lib/kv-tools.ts';
import { type Figure, formatValue, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';

const USAGE = `Usage: npm run bench:kv-speed -- [options]

  --model FILE   also time this whole model (more than one: repeat it)
  --types LIST   types of cache (default: f16,q8_0,q4_0)
  --depths LIST  tokens in the cache (default: 0,4096,16384,32768)
  --tokens N     tokens decoded at each depth, the least of which counts (default: 16)
  --batch N      tokens of the prefill at each depth; 0 leaves it out (default: 256)
  --threads N    of the whole model (default: 1); attention alone runs on one
  --json FILE    also write {machine, commit, figures} there

Times are CPU time and the least of several: the machine's other work only ever adds.
`;

const ATTENTION: readonly Attention[] = ['stock', 'grouped'];
/** A global layer of Gemma 4 E2B. */
const HEADS = '8';
const HEAD_SIZE = '512';
const ROUNDS = '15';

const { values } = parseArgs({
	options: {
		model: { type: 'string', multiple: true, default: [] },
		types: { type: 'string', default: 'f16,q8_0,q4_0' },
		depths: { type: 'string', default: '0,4096,16384,32768' },
		tokens: { type: 'string', default: '16' },
		batch: { type: 'string', default: '256' },
		threads: { type: 'string', default: '1' },
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
const figures = [...(await attentionAlone())];
for (const model of values.model) figures.push(...(await wholeModel(model)));
console.log('');
printTargets(figures);
if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));

async function attentionAlone(): Promise<readonly Figure[]> {
	const tokens = depths.filter((depth) => depth !== '0');
	const cost = new Map<string, number>();
	for (const type of types) {
		for (const kernel of ATTENTION) {
			for (const depth of tokens) {
				const [one] = await run('attention_lab', ['time', type, depth, '1', HEADS, HEAD_SIZE, ROUNDS], kernel);
				cost.set(`${kernel}/${type}/${depth}`, Number(one?.cpuMs));
			}
		}
	}
	console.log(`\nAttention of one token, ${HEADS} heads of ${HEAD_SIZE} on one KV head, ms of one core`);
	const names = types.flatMap((type) => ATTENTION.map((kernel) => `${kernel}/${type}`));
	printTable(
		['', ...tokens],
		names.map((name) => [name, ...tokens.map((depth) => formatValue(cost.get(`${name}/${depth}`) ?? Number.NaN))]),
	);
	const deepest = tokens.at(-1) ?? '';
	const yardstick = cost.get(`stock/f16/${deepest}`);
	return [
		...[...cost].map(([name, value]) => ({ name: `attention/${name}`, value, unit: 'ms' })),
		...types.flatMap((type): readonly Figure[] => {
			const ours = cost.get(`grouped/${type}/${deepest}`);
			if (yardstick === undefined || ours === undefined) return [];
			return [{ name: `attention/${type}/faster-than-stock-f16`, value: yardstick / ours, unit: '×', target: { is: '>=', value: 6 } }];
		}),
	];
}

async function wholeModel(model: string): Promise<readonly Figure[]> {
	const cost = new Map<string, number>();
	for (const type of types) {
		for (const kernel of ATTENTION) {
			const lines = await run('kv_speed', [model, type, values.threads, values.tokens, values.batch, ...depths], kernel);
			for (const { what, depth, cpuMs } of lines) cost.set(`${what}/${kernel}/${type}/${depth}`, Number(cpuMs));
		}
	}
	console.log(`\n${model}, ms of CPU time a token`);
	const names = ['decode', 'prefill'].flatMap((what) => types.flatMap((type) => ATTENTION.map((kernel) => `${what}/${kernel}/${type}`)));
	printTable(
		['', ...depths],
		names.map((name) => [name, ...depths.map((depth) => formatValue(cost.get(`${name}/${depth}`) ?? Number.NaN))]),
	);
	return [...[...cost].map(([name, value]) => ({ name: `${name}`, value, unit: 'ms' })), ...types.flatMap((type) => goals(cost, type))];
}

function goals(cost: ReadonlyMap<string, number>, type: string): readonly Figure[] {
	const deepest = depths.at(-1) ?? '';
	const share =
		100 * ((cost.get(`decode/grouped/${type}/0`) ?? Number.NaN) / (cost.get(`decode/grouped/${type}/${deepest}`) ?? Number.NaN));
	const prefill = (cost.get(`prefill/stock/f16/${deepest}`) ?? Number.NaN) / (cost.get(`prefill/grouped/${type}/${deepest}`) ?? Number.NaN);
	const found: readonly Figure[] = [
		{ name: `decode/${type}/share-of-depth-0`, value: share, unit: '%', target: { is: '>=', value: 85 } },
		{ name: `prefill/${type}/faster-than-stock-f16`, value: prefill, unit: '×', target: { is: '>=', value: 1 } },
	];
	return found.filter(({ value }) => Number.isFinite(value));
}
