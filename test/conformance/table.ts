/** The table: one row a capability, one column a pair, each cell what the run found. */

import { isDeepStrictEqual } from 'node:util';
import { CAPABILITIES, type Capability, MISHAPS, type Mishap } from './capabilities.ts';
import { JOURNEYS, type Pair } from './journeys.ts';
import { openScene, type Scene, TONGUES } from './scene.ts';
import type { Talk, Told, Tongue, Turn } from './talk.ts';
import { faultIn } from './vendor-rules.ts';

/** `passed`, the losses by their codes, `error: code`, or why it is none of them. */
export type Cell = string;
export interface Row {
	readonly name: string;
	readonly cells: readonly Cell[];
}

export const PAIRS = TONGUES.flatMap((caller) => TONGUES.map((upstream) => ({ caller, upstream })));

export async function runTable(): Promise<readonly Row[]> {
	await using scene = await openScene();
	const rows: Row[] = [];
	for (const capability of CAPABILITIES) rows.push({ name: capability.name, cells: await each((pair) => cellOf(scene, capability, pair)) });
	for (const mishap of MISHAPS) rows.push({ name: mishap.name, cells: await each((pair) => mishapCell(scene, mishap, pair)) });
	for (const journey of JOURNEYS) rows.push({ name: journey.name, cells: await each((pair) => journey.run(scene, pair)) });
	return rows;
}

async function each(cell: (pair: Pair) => Promise<Cell>): Promise<readonly Cell[]> {
	const cells: Cell[] = [];
	for (const pair of PAIRS) cells.push(await cell(pair));
	return cells;
}

/** Streaming and not: both must say the same. */
async function cellOf(scene: Scene, capability: Capability, pair: Pair): Promise<Cell> {
	if (capability.callers?.includes(pair.caller.name) === false) return '—';
	const whole = await tryOnce(scene, capability, pair, false);
	const stream = await tryOnce(scene, capability, pair, true);
	return whole === stream ? whole : `whole: ${whole}; stream: ${stream}`;
}

async function tryOnce(scene: Scene, capability: Capability, { caller, upstream }: Pair, isStream: boolean): Promise<Cell> {
	scene.answer(upstream, () => answerFor(capability, upstream));
	const before = scene.upstreams[upstream.name].calls.length;
	const reply = await scene.ask(caller, upstream, caller.write(capability.talk, 'any', isStream));
	if (reply.status !== 200) return errorCell(caller, reply.text);
	if (scene.upstreams[upstream.name].calls.length !== before + 1) return 'SILENT: it was not asked once';
	const refusal = caller.name === upstream.name ? undefined : faultIn(upstream.name, scene.heard(upstream));
	if (refusal !== undefined) return `SILENT: its vendor would refuse ${refusal}`;
	const losses = lossesOf(reply.headers['x-innerloop-reasons']);
	const fault =
		heardFault(capability, upstream, upstream.hear(scene.heard(upstream))) ?? toldFault(capability, caller.read(reply.text, isStream));
	if (fault === undefined) return 'passed';
	return losses.length > 0 ? losses.join(', ') : `SILENT: ${fault}`;
}

/** A wire without freeform tools calls a function of one string in their place. */
function answerFor({ answer = { content: ['Done.'] } }: Capability, upstream: Tongue) {
	if (upstream.name !== 'anthropic') return answer;
	const content = answer.content.map((one) =>
		typeof one === 'object' && 'freeformTool' in one
			? { tool: one.freeformTool, input: { input: one.text }, ...(one.id === undefined ? {} : { id: one.id }) }
			: one,
	);
	return { ...answer, content };
}

function lossesOf(reasons: string | string[] | undefined): readonly string[] {
	return String(reasons ?? '')
		.split(',')
		.filter((code) => code.startsWith('loss-'));
}

/** Which part of the talk the upstream did not hear as it was said. */
function heardFault({ talk: said, hears }: Capability, upstream: Tongue, heard: Talk): string | undefined {
	const talk = upstream.name === 'anthropic' ? inMessages(said) : said;
	const keys = hears ?? (Object.keys(talk) as (keyof Talk)[]);
	return keys.find((key) => !isDeepStrictEqual(heard[key], talk[key]));
}

/** Messages has one word for system and developer, and a function of one string for a freeform tool: nothing is lost by that. */
function inMessages({ freeformTool, ...talk }: Talk): Talk {
	const turns = talk.turns.map((turn): Turn => {
		if (turn.by === 'developer') return { ...turn, by: 'system' };
		if (turn.by !== 'assistant' || turn.calls === undefined) return turn;
		return {
			...turn,
			calls: turn.calls.map((call) => (typeof call.input === 'string' ? { ...call, input: { input: call.input } } : call)),
		};
	});
	return { ...talk, turns, ...(freeformTool === undefined ? {} : { tools: [freeformTool] }) };
}

function toldFault({ told }: Capability, heard: Told | undefined): string | undefined {
	if (heard === undefined) return 'no whole reply';
	if (told === undefined) return undefined;
	return (Object.keys(told) as (keyof Told)[]).find((key) => !isDeepStrictEqual(heard[key], told[key]));
}

function errorCell(caller: Tongue, text: string): Cell {
	const message = caller.readError(text);
	return message === undefined ? `SILENT: an error that is none of ${caller.name}: ${text.slice(0, 200)}` : `error: ${shortened(message)}`;
}

const shortened = (message: string) => message.split('. ')[0]?.slice(0, 80) ?? '';

async function mishapCell(scene: Scene, mishap: Mishap, { caller, upstream }: Pair): Promise<Cell> {
	scene.answer(upstream, () => mishap.answer);
	const talk: Talk = { turns: [{ by: 'user', text: 'Hello.' }] };
	const reply = await scene.ask(caller, upstream, caller.write(talk, 'any', mishap.isStream));
	if (mishap.status === undefined) {
		const looksWhole = caller.read(reply.text, true) !== undefined;
		return looksWhole ? 'SILENT: it looks whole' : 'passed';
	}
	// In the same dialect the connection is cut as the upstream's was.
	if (mishap.status === 502 && reply.status === 200) return reply.isCut ? 'passed' : 'SILENT: it looks whole';
	if (reply.status !== mishap.status) return `SILENT: status ${reply.status}`;
	if (reply.headers['retry-after'] !== mishap.retryAfter) return `SILENT: retry-after ${reply.headers['retry-after']}`;
	return caller.readError(reply.text) === undefined ? 'SILENT: no error of its dialect' : 'passed';
}

const SHORT = { anthropic: 'Messages', 'chat-completions': 'Chat', responses: 'Responses' } as const;

export function asMarkdown(rows: readonly Row[]): string {
	const head = ['caller → upstream', ...PAIRS.map(({ caller, upstream }) => `${SHORT[caller.name]} → ${SHORT[upstream.name]}`)];
	const shown = (cell: Cell) => (cell === 'passed' ? '✓' : cell);
	const lines = [head, head.map(() => '---'), ...rows.map(({ name, cells }) => [name, ...cells.map(shown)])];
	return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
