/** `npm run bench:agent-session`: what agents' sessions compute and wait at the local model, beside plain node-llama-cpp. */

import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { modelsDir } from '../../appliance/config/places.ts';
import { type Figure, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { type Measured, Ours } from './ours.ts';
import { Session, Text } from './sessions.ts';
import { readShapes } from './shapes.ts';
import { Stock } from './stock.ts';

const USAGE = `Usage: npm run bench:agent-session -- [options]

  --model FILE      GGUF file (default: the embedded small model)
  --shapes FILE     recorded session whose calls give the shapes (default: a short list in the program)
  --developers N    at once in the last part (default 8)
  --calls N         calls a session (default 4)
  --known N         tokens of the team's prompt (default 1500; 15000 is what the figure of the first token is meant for)
  --context N       context of a slot in tokens (default 4096)
  --threads N       (default 1)
  --json FILE       also write {machine, commit, figures} there

Stock is node-llama-cpp's prebuilt engine with as many sequences as the box has slots (2); it reads prompts only.
`;

const { values } = parseArgs({
	options: {
		model: { type: 'string', default: join(modelsDir(process.env, homedir()), 'smollm2-135m-instruct-q4_1.gguf') },
		shapes: { type: 'string' },
		developers: { type: 'string', default: '8' },
		calls: { type: 'string', default: '4' },
		known: { type: 'string', default: '1500' },
		context: { type: 'string', default: '4096' },
		threads: { type: 'string', default: '1' },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

const SLOTS = 2;
const BLOCK_TOKENS = 64;
const root = fileURLToPath(new URL('../../', import.meta.url));

if (values.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-agent-session-'));
	const text = new Text(root);
	const teamPrompt = `You answer for a team of developers.\n\n${text.piece(Number(values.known), 1)}`;
	const options = { modelPath: values.model, contextTokens: Number(values.context), slots: SLOTS, threads: Number(values.threads) };
	const shapes = readShapes(values.shapes, Number(values.calls), 600);
	const prompts: { readonly session: string; readonly text: string }[] = [];
	const figures: Figure[] = [];
	try {
		let ours = new Ours({ ...options, folder, teamPrompt });
		await ours.untilReady();
		const first = await session(ours, new Session('ada', teamPrompt, text, 1), shapes, prompts);
		const second = await session(ours, new Session('bob', teamPrompt, text, 2), shapes, prompts);
		await settled();
		await ours.engine.close();
		ours = new Ours({ ...options, folder, teamPrompt });
		await ours.untilReady();
		await settled();
		const restarted = await session(ours, new Session('cyd', teamPrompt, text, 3), shapes.slice(0, 1), prompts);
		figures.push(...knownFigures(first, second, restarted));
		const all = await together(ours, teamPrompt, text, shapes);
		figures.push(...waitFigures(all, ours));
		await ours.engine.close();
		const stock = await Stock.open(options.modelPath, options.contextTokens, SLOTS, options.threads);
		figures.push(...(await stockFigures(stock, prompts)));
		await stock.close();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	printTable(
		['figure', 'value', 'unit'],
		figures.map(({ name, value, unit }) => [name, value.toFixed(value < 10 ? 3 : 0), unit]),
	);
	printTargets(figures);
	if (values.json !== undefined) writeReport(values.json, makeReport(root, figures));
}

/** What was computed goes to disk in the background. */
function settled(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 1_500));
}

async function session(ours: Ours, one: Session, shapes: ReturnType<typeof readShapes>, prompts: { session: string; text: string }[]) {
	const measured: (Measured & { readonly newTokens: number })[] = [];
	for (const shape of shapes) {
		const conversation = one.next(shape);
		prompts.push({ session: one.name, text: JSON.stringify(conversation.messages.map(({ role, content }) => [role, content])) });
		const answer = await ours.ask({ member: one.name, session: one.name, conversation, outputTokens: shape.outputTokens });
		const before = measured.at(-1);
		measured.push({ ...answer, newTokens: answer.promptTokens - (before?.promptTokens ?? 0) });
		one.answer(answer.text);
	}
	return measured;
}

type SessionMeasured = Awaited<ReturnType<typeof session>>;

function knownFigures(first: SessionMeasured, second: SessionMeasured, restarted: SessionMeasured): Figure[] {
	const [cold] = first;
	const [later] = second;
	const [after] = restarted;
	if (cold === undefined || later === undefined || after === undefined) throw new Error('no call was measured');
	const excess = [...first.slice(1), ...second.slice(1)].map(({ computedTokens, newTokens }) => computedTokens - newTokens);
	const ownTokens = later.promptTokens - headTokens(cold);
	return [
		{
			name: 'same-session/computed-beyond-new-max',
			value: Math.max(...excess),
			unit: 'tokens',
			target: { is: '<', value: BLOCK_TOKENS + 1 },
		},
		{ name: 'first-developer/computed', value: cold.computedTokens, unit: 'tokens' },
		{
			name: 'second-developer/computed',
			value: later.computedTokens,
			unit: 'tokens',
			target: { is: '<', value: ownTokens + BLOCK_TOKENS + 1 },
		},
		{
			name: 'after-restart/computed',
			value: after.computedTokens,
			unit: 'tokens',
			target: { is: '<', value: ownTokens + BLOCK_TOKENS + 1 },
		},
		{ name: 'first-token/cold', value: cold.firstMs, unit: 'ms' },
		{ name: 'first-token/known', value: later.firstMs, unit: 'ms' },
		{ name: 'first-token/after-restart', value: after.firstMs, unit: 'ms' },
		{
			name: 'first-token/known-by-cold',
			value: later.firstMs / cold.firstMs,
			unit: '×',
			...(Number(values.known) >= 15_000 ? { target: { is: '<', value: 1 / 30 } } : {}),
		},
	];
}

/** What all developers share is at least this: the first prompt less its own words. */
function headTokens({ promptTokens, newTokens }: { readonly promptTokens: number; readonly newTokens: number }): number {
	return Math.min(promptTokens, newTokens) - ownWordsOf(newTokens);
}

function ownWordsOf(promptTokens: number): number {
	return Math.max(0, promptTokens - Number(values.known));
}

async function together(ours: Ours, teamPrompt: string, text: Text, shapes: ReturnType<typeof readShapes>): Promise<readonly Measured[]> {
	const developers = Array.from(
		{ length: Number(values.developers) },
		(_, index) => new Session(`dev${index}`, teamPrompt, text, 10 + index),
	);
	const all = await Promise.all(developers.map(async (one) => await session(ours, one, shapes.slice(0, 2), [])));
	return all.flat();
}

function waitFigures(all: readonly Measured[], ours: Ours): Figure[] {
	const waits = all.map(({ firstMs }) => firstMs).sort((a, b) => a - b);
	const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
	const { medianPercent = 0, p90Percent = 0, calls } = ours.times.errors();
	const isAdmitted = ({ expectedMs }: Measured) => expectedMs !== undefined && expectedMs <= 60_000;
	return [
		{ name: 'together/first-token-p50', value: at(0.5), unit: 'ms' },
		{ name: 'together/first-token-p95', value: at(0.95), unit: 'ms' },
		{ name: 'together/within-deadline-of-inner', value: (100 * all.filter(isAdmitted).length) / all.length, unit: '%' },
		{ name: 'estimate/calls', value: calls, unit: 'calls' },
		{ name: 'estimate/error-median', value: medianPercent, unit: '%', target: { is: '<', value: 20.01 } },
		{ name: 'estimate/error-p90', value: p90Percent, unit: '%' },
	];
}

async function stockFigures(stock: Stock, prompts: readonly { readonly session: string; readonly text: string }[]): Promise<Figure[]> {
	let computed = 0;
	const firsts: number[] = [];
	const seen = new Set<string>();
	for (const { session: name, text } of prompts) {
		const { computedTokens } = await stock.read(name, text.slice(0, Number(values.context) * 3));
		computed += computedTokens;
		if (!seen.has(name)) firsts.push(computedTokens);
		seen.add(name);
	}
	return [
		{ name: 'stock/second-developer-computed', value: firsts[1] ?? 0, unit: 'tokens' },
		{ name: 'stock/computed-in-all', value: computed, unit: 'tokens' },
	];
}
