/** `npm run bench:million`: a million random call trees against upstreams that bill the most they may; no bill passes a ceiling. */

import { parseArgs } from 'node:util';
import { type Figure, makeReport, printTable, writeReport } from '../lib/report.ts';
import { playTrees, type Tally } from './world.ts';

const USAGE = `Usage: npm run bench:million -- [options]

  --trees N    call trees to play (default 1000000)
  --seed N     chooses the worlds (default 1); world n has seed N + n
  --json FILE  also write {machine, commit, figures} there

Exit code 1 when a bill was above its ceiling, or above what was thought to be the most.
`;

const FAULTS_SHOWN = 10;
const SAY_EVERY_MS = 10_000;

function figuresOf({ trees, calls, paid, untold, crashes, clockJumps, ratios, faults }: Tally): Figure[] {
	const count = (name: string, value: number): Figure => ({ name: `million/${name}`, value, unit: '' });
	const worst = (name: keyof Tally['ratios']): Figure[] => [
		count(`${name}/worst-bill-by-ceiling`, ratios[name].worst),
		count(`${name}/bills-above-ceiling`, ratios[name].broken),
	];
	return [
		count('trees', trees),
		count('calls', calls),
		count('calls-that-cost', paid),
		count('bills-nobody-told-of', untold),
		count('crashes', crashes),
		count('clock-jumps', clockJumps),
		...worst('tree'),
		...worst('member'),
		...worst('team'),
		count('faults', faults.length),
	];
}

/** One line now and then: a million trees take minutes. */
function createProgress(trees: number): (tally: Tally) => void {
	let saidMs = performance.now();
	return (tally) => {
		if (performance.now() - saidMs < SAY_EVERY_MS) return;
		saidMs = performance.now();
		console.error(`${tally.trees} of ${trees} trees, ${tally.faults.length} faults`);
	};
}

const { values } = parseArgs({
	options: {
		trees: { type: 'string', default: '1000000' },
		seed: { type: 'string', default: '1' },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});
if (values.help) console.log(USAGE);
else {
	const trees = Number(values.trees);
	const seed = Number(values.seed);
	if (!Number.isSafeInteger(trees) || trees < 1 || !Number.isSafeInteger(seed)) throw new RangeError(USAGE);
	const tally = playTrees(trees, seed, createProgress(trees));
	const figures = figuresOf(tally);
	printTable(
		['figure', 'value'],
		figures.map(({ name, value }) => [name, Number.isInteger(value) ? String(value) : value.toFixed(9)]),
	);
	for (const fault of tally.faults.slice(0, FAULTS_SHOWN)) console.log(fault);
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
	const { tree, member, team } = tally.ratios;
	if (tree.broken + member.broken + team.broken + tally.faults.length > 0) process.exitCode = 1;
}
