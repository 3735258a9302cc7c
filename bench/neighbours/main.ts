/** `npm run bench:neighbours`: what 1, 10 and 100 % of a history are worth at equal cost, and how long the exact search takes. */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type NeighbourSettings, Neighbours } from '../../appliance/router/neighbours/neighbours.ts';
import { mulberry32 } from '../../test/support/mulberry32.ts';
import { type Figure, formatValue, makeReport, printTable, writeReport } from '../lib/report.ts';
import { shuffled } from '../pacer/courses.ts';
import { installData, type Prompt } from '../pacer/data.ts';
import { auc, calibrationError, curve, type Judge, qualityAt } from './curves.ts';
import { banditJudge, neighboursJudge, textJudge } from './judges.ts';

const USAGE = `Usage: npm run bench:neighbours -- [options]

  --seeds N      samples of the history (default 5)
  --tuning       choose k and τ on the validation split alone; the holdout is not touched
  --rows N       rows of the search that is timed (default 100000)
  --json FILE    also write {machine, commit, figures} there

History: the validation split of paretobandit 0.1.1, each prompt with the outcome of each of three models. Shown on its
holdout. Installs what bench:pacer installs.
`;

const { values } = parseArgs({
	options: {
		seeds: { type: 'string', default: '5' },
		rows: { type: 'string', default: '100000' },
		tuning: { type: 'boolean', default: false },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

/** k and τ were chosen with --tuning. */
const SETTINGS: NeighbourSettings = {
	dimension: 25,
	capacity: 100_000,
	neighbours: 80,
	temperature: 0.5,
	leastLikeness: 0.2,
	sameLikeness: 0.9999,
};
const SHARES = [0.01, 0.1, 1];
const BUDGETS = [3.0e-4, 6.62e-4, 1.87e-3];
/** The cheap model failed where its reward is below this. */
const FAILED_BELOW = 0.6;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number): string => `${100 * share} %`;
const fixed = (value: number): string => (Number.isFinite(value) ? value.toFixed(4) : '–');

interface Splits {
	readonly history: readonly Prompt[];
	readonly shown: readonly Prompt[];
}

const costsOf = (prompts: readonly Prompt[]): readonly number[] =>
	[0, 1, 2].map((arm) => mean(prompts.map(({ costs }) => costs[arm] ?? 0)));

/** Splitting the calls between two models at random, which two being the best for the cost. */
function randomAt(prompts: readonly Prompt[], costUsd: number): number {
	const costs = costsOf(prompts);
	const rewards = [0, 1, 2].map((arm) => mean(prompts.map((prompt) => prompt.rewards[arm] ?? 0)));
	const mixes = [0, 1, 2].flatMap((low) =>
		[0, 1, 2].flatMap((high) => {
			const [from = 0, to = 0] = [costs[low], costs[high]];
			if (!(from <= costUsd && costUsd <= to) || from === to) return [];
			return [(rewards[low] ?? 0) + (((rewards[high] ?? 0) - (rewards[low] ?? 0)) * (costUsd - from)) / (to - from)];
		}),
	);
	return Math.max(...mixes);
}

type Maker = (history: readonly Prompt[]) => Judge;

const MAKERS: readonly (readonly [name: string, make: Maker])[] = [
	['neighbours', (history) => neighboursJudge(history, SETTINGS)],
	['bandit (ridge)', banditJudge],
	['figures of the text', textJudge],
];

function sample(history: readonly Prompt[], share: number, seed: number): readonly Prompt[] {
	const order = shuffled([...history.keys()], mulberry32(seed));
	return order.slice(0, Math.max(1, Math.round(share * history.length))).flatMap((index) => history[index] ?? []);
}

function compare({ history, shown }: Splits, seeds: number, figures: Figure[]): void {
	const costs = costsOf(history);
	const rows = MAKERS.flatMap(([name, make]) =>
		SHARES.map((share) => {
			const runs = share === 1 ? 1 : seeds;
			const curves = Array.from({ length: runs }, (_, seed) => curve(shown, make(sample(history, share, seed + 1)), costs));
			const qualities = BUDGETS.map((budget) => mean(curves.map((points) => qualityAt(points, budget))));
			for (const [index, value] of qualities.entries())
				figures.push({ name: `${name}/${percent(share)}/$${BUDGETS[index]}/quality`, value, unit: 'reward' });
			return [name, percent(share), ...qualities.map(fixed)];
		}),
	);
	const chance = BUDGETS.map((budget) => randomAt(shown, budget));
	for (const [index, value] of chance.entries()) figures.push({ name: `random/$${BUDGETS[index]}/quality`, value, unit: 'reward' });
	printTable(
		['who', 'of the history', ...BUDGETS.map((usd) => `quality at $${usd}`)],
		[...rows, ['random, best mix of two', '–', ...chance.map(fixed)]],
	);
}

/** Does it know where the cheap model fails? */
function failures({ history, shown }: Splits, figures: Figure[]): void {
	const rows = MAKERS.map(([name, make]) => {
		const judge = make(history);
		const began = performance.now();
		const scored = shown.map((prompt) => ({ score: 1 - (judge(prompt)[0] ?? 0), isFailure: (prompt.rewards[0] ?? 0) < FAILED_BELOW }));
		const microseconds = ((performance.now() - began) * 1_000) / shown.length;
		const [area, error] = [auc(scored), calibrationError(scored)];
		figures.push(
			{ name: `${name}/cheap-fails/auc`, value: area, unit: 'share' },
			{ name: `${name}/cheap-fails/calibration-error`, value: error, unit: 'share' },
			{ name: `${name}/time`, value: microseconds, unit: 'µs' },
		);
		return [name, area.toFixed(3), error.toFixed(3), `${formatValue(microseconds)} µs`];
	});
	console.log(`\nWhere the cheapest model fails (reward below ${FAILED_BELOW}):`);
	printTable(['who', 'AUC', 'calibration error', 'time, without the embedding'], rows);
}

function timeSearch(rows: number, dimension: number, figures: Figure[]): void {
	const random = mulberry32(7);
	const vector = () => Array.from({ length: dimension }, () => random() - 0.5);
	const past = new Neighbours({ ...SETTINGS, dimension, capacity: rows, sameLikeness: 2, leastLikeness: -1 });
	past.fill(Array.from({ length: rows }, () => ({ deployment: 'a', vector: vector(), reward: random() })));
	const times = Array.from({ length: 30 }, () => {
		const asked = vector();
		const began = performance.now();
		past.estimate(asked);
		return performance.now() - began;
	});
	const median = times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
	const megabytes = (rows * dimension * 4) / 1e6;
	figures.push({ name: `search/${rows}x${dimension}`, value: median, unit: 'ms' });
	console.log(
		`Exact search of ${rows} rows of ${dimension}: ${formatValue(median)} ms at the median (${formatValue(megabytes)} MB are read).`,
	);
}

/** The grid from which k and τ were taken. */
function tune(splits: Splits): void {
	const costs = costsOf(splits.history);
	const rows = [20, 40, 80, 160].flatMap((neighbours) =>
		[0.1, 0.2, 0.5, 2].map((temperature) => {
			const judge = neighboursJudge(splits.history, { ...SETTINGS, neighbours, temperature });
			const points = curve(splits.shown, judge, costs);
			return [`${neighbours}`, `${temperature}`, ...BUDGETS.map((budget) => fixed(qualityAt(points, budget)))];
		}),
	);
	printTable(['k', 'τ', ...BUDGETS.map((usd) => `quality at $${usd}`)], rows);
}

async function main(): Promise<void> {
	if (values.help) {
		console.log(USAGE);
		return;
	}
	const [seeds, rows] = [Number(values.seeds), Number(values.rows)];
	if (!(seeds >= 1) || !(rows >= 1)) throw new RangeError('--seeds and --rows want whole numbers above 0');
	const { data } = await installData();
	const third = Math.floor(data.val.length / 3);
	const figures: Figure[] = [];
	if (values.tuning) {
		tune({ history: data.val.slice(third), shown: data.val.slice(0, third) });
		return;
	}
	const splits = { history: data.val, shown: data.holdout };
	compare(splits, seeds, figures);
	failures(splits, figures);
	console.log('');
	for (const dimension of [25, 384]) timeSearch(rows, dimension, figures);
	if (values.json !== undefined) writeReport(values.json, makeReport(join(import.meta.dirname, '../..'), figures));
}

await main();
