/** `npm run bench:tasks`: tasks with an executable check, worked by a real client through the box: all-frontier beside routed and dieting. */

import { parseArgs } from 'node:util';
import { formatPercent } from '../../appliance/protocol/format-percent.ts';
import { type Figure, makeReport, printTable, writeReport } from '../lib/report.ts';
import { ARMS, type Arm, type ArmResult, runArm } from './arms.ts';
import { makeTask } from './make-task.ts';
import { type Interval, pairedDifference, shareDifference, shareOf } from './statistics.ts';

const USAGE = `Usage: npm run bench:tasks -- [options]

  --tasks N       small repositories, each with one defect and tests that show it (default 24)
  --arms LIST     of ${ARMS.map(({ name }) => name).join(',')} (default: all but routed-local; frontier is always there)
  --mid-skill N   share of right judgements of the stand-in for the middle class, 0 to 1 (default 0.7);
                  the stand-in for the frontier is an oracle
  --model ID      what the client names (default claude-opus-4-8)
  --turns N       most turns of a main loop (default 30)
  --real          no stand-ins: the box calls the vendors with ANTHROPIC_API_KEY; this costs money
  --json FILE     also write {machine, commit, figures} there

Each arm is a box of its own. The client is the vendor's SDK in a loop that executes every tool call; the check is the
project's own test program, as it was made. Cost is what the box's ledger settled, repair turns included. Routed: looking
is done by the middle class (routed-local: by the box's embedded small model where it can). Differences are of the same
tasks, all-frontier less the other; intervals are 95 %.
`;

const { values } = parseArgs({
	options: {
		tasks: { type: 'string', default: '24' },
		arms: { type: 'string', default: 'frontier,routed,frontier-diet,routed-diet' },
		'mid-skill': { type: 'string', default: '0.7' },
		model: { type: 'string', default: 'claude-opus-4-8' },
		turns: { type: 'string', default: '30' },
		real: { type: 'boolean', default: false },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

function armsOf(list: string): readonly Arm[] {
	const names = [...new Set(['frontier', ...list.split(',')])];
	return names.map((name) => {
		const arm = ARMS.find((one) => one.name === name);
		if (arm === undefined) throw new RangeError(`--arms: of ${ARMS.map((one) => one.name).join(', ')}; not ${name}`);
		return arm;
	});
}

const usd = (nano: number): string => `${nano < 0 ? '-' : ''}$${Math.abs(nano / 1e9).toFixed(4)}`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const plain = (value: number): string => value.toFixed(2);
const within = ({ value, low, high }: Interval, say: (value: number) => string): string => `${say(value)} (${say(low)} to ${say(high)})`;
const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

interface Compared {
	readonly result: ArmResult;
	readonly success: Interval;
	/** Less the success of all-frontier. */
	readonly successDifference: Interval;
	readonly saved: { readonly costNanoUsd: Interval; readonly turns: Interval; readonly wallMs: Interval };
	readonly falseTrims: Interval | undefined;
}

function compare(result: ArmResult, frontier: ArmResult): Compared {
	const success = ({ worked }: ArmResult) => shareOf(worked.filter(({ isSolved }) => isSolved).length, worked.length);
	const saved = (of: (one: ArmResult['worked'][number]) => number) => pairedDifference(frontier.worked.map(of), result.worked.map(of));
	return {
		result,
		success: success(result),
		successDifference: shareDifference(success(frontier), success(result)),
		saved: { costNanoUsd: saved((one) => one.costNanoUsd), turns: saved((one) => one.turns), wallMs: saved((one) => one.wallMs) },
		falseTrims: result.diet === undefined ? undefined : shareOf(result.diet.falseTrims, result.diet.trimmed),
	};
}

function print(all: readonly Compared[]): void {
	printTable(
		['arm', 'solved', 'turns', 'cost of a task', 'wall time'],
		all.map(({ result: { arm, worked }, success }) => [
			arm.name,
			within(success, formatPercent),
			plain(meanOf(worked.map(({ turns }) => turns))),
			usd(meanOf(worked.map(({ costNanoUsd }) => costNanoUsd))),
			seconds(meanOf(worked.map(({ wallMs }) => wallMs))),
		]),
	);
	console.log('\nBeside all-frontier, on the same tasks:\n');
	printTable(
		['arm', 'success', 'dollars saved a task', 'turns saved', 'time saved', ''],
		all
			.slice(1)
			.map(({ result, successDifference, saved }) => [
				result.arm.name,
				within(successDifference, formatPercent),
				within(saved.costNanoUsd, usd),
				within(saved.turns, plain),
				within(saved.wallMs, seconds),
				successDifference.high < 0 ? 'WORSE' : 'not below',
			]),
	);
	for (const { result, falseTrims } of all) {
		if (falseTrims === undefined || result.diet === undefined) continue;
		const { trimmed, results, savedTokens, falseTrims: count } = result.diet;
		console.log(
			`\n${result.arm.name}: ${trimmed} of ${results} long results trimmed by ${savedTokens} tokens; ${count} false: ${within(falseTrims, formatPercent)}.`,
		);
	}
}

function figuresOf({ result: { arm, worked, diet }, success, successDifference, saved, falseTrims }: Compared): Figure[] {
	const three = (name: string, { value, low, high }: Interval, unit: string, by = 1): Figure[] =>
		[['', value] as const, ['/low', low] as const, ['/high', high] as const].map(([end, one]) => ({
			name: `tasks/${arm.name}/${name}${end}`,
			value: one / by,
			unit,
		}));
	return [
		...three('success', success, ''),
		...three('success-less-frontier', successDifference, ''),
		...three('saved', saved.costNanoUsd, 'USD', 1e9),
		...three('turns-saved', saved.turns, ''),
		...three('time-saved', saved.wallMs, 's', 1_000),
		{ name: `tasks/${arm.name}/cost`, value: meanOf(worked.map(({ costNanoUsd }) => costNanoUsd)) / 1e9, unit: 'USD' },
		...(falseTrims === undefined ? [] : three('false-trims', falseTrims, '')),
		...(diet === undefined ? [] : [{ name: `tasks/${arm.name}/trimmed`, value: diet.trimmed, unit: '' }]),
	];
}

async function main(): Promise<void> {
	const count = Number(values.tasks);
	if (!Number.isInteger(count) || count < 2) throw new RangeError('--tasks wants a whole number from 2');
	const midSkill = Number(values['mid-skill']);
	if (!(midSkill >= 0 && midSkill <= 1)) throw new RangeError('--mid-skill wants a number from 0 to 1');
	const tasks = Array.from({ length: count }, (_, seed) => makeTask(seed));
	const options = { midSkill, isReal: values.real, model: values.model, mostTurns: Number(values.turns) };
	const results: ArmResult[] = [];
	for (const arm of armsOf(values.arms)) {
		console.error(`working ${count} tasks: ${arm.name}`);
		results.push(await runArm(arm, tasks, options));
	}
	const [frontier] = results;
	if (frontier === undefined) return;
	const compared = results.map((result) => compare(result, frontier));
	const who = values.real
		? 'real models'
		: `stand-ins: the frontier an oracle, the middle class right ${formatPercent(midSkill)} of the time`;
	console.log(`${count} tasks, ${who}.\n`);
	print(compared);
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, compared.flatMap(figuresOf)));
}

if (values.help) console.log(USAGE);
else await main();
