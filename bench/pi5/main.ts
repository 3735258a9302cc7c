/** `npm run bench:pi5`: tokens a second on the board of whoever runs it, beside what the projection says, with the board's state around it. */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nativeDir } from '../../appliance/config/places.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { readModelShape } from '../kv-memory/cache-shape.ts';
import { openKvTools } from '../lib/kv-tools.ts';
import { type Figure, formatValue, makeReport, printTable, writeReport } from '../lib/report.ts';
import { type BoardState, readBoard, reasonsNotToStart, reasonsToDiscard, storageOf } from './board.ts';
import { workloadFrom } from './model-workload.ts';
import { projectDecode, projectPrefill } from './projection.ts';
import { PI5_CONSTANTS } from './published.ts';

const USAGE = `Usage: npm run bench:pi5 -- --model FILE.gguf [options]

  --model FILE     the model that the box serves
  --type NAME      type of the cache (default: q8_0)
  --depths LIST    tokens in the cache (default: 0,4096,16384,32768)
  --tokens N       tokens decoded at each depth, the median of which counts (default: 16)
  --batch N        tokens of a prompt at each depth (default: 256)
  --threads N      default: 4
  --json FILE      also write {machine, commit, figures, board} there

A throttled, capped or under-supplied board is not measured; the message says which flag is set. Leave the machine alone meanwhile.
`;

const { values } = parseArgs({
	options: {
		model: { type: 'string' },
		type: { type: 'string', default: 'q8_0' },
		depths: { type: 'string', default: '0,4096,16384,32768' },
		tokens: { type: 'string', default: '16' },
		batch: { type: 'string', default: '256' },
		threads: { type: 'string', default: '4' },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

if (values.help || values.model === undefined) {
	console.log(USAGE);
	process.exit(values.help ? 0 : 2);
}

interface Timing {
	readonly what: 'decode' | 'prefill';
	readonly depth: number;
	readonly wallMedianMs: number;
}

const modelPath = realpathSync(values.model);
const run = await openKvTools();
const workload = workloadFrom(await readModelShape(modelPath), values.type, Number(values.threads));
const states: BoardState[] = [];
const figures: Figure[] = [];
const rows: string[][] = [];
for (const depth of values.depths.split(',').map(Number)) await measure(depth);
await tell();

async function measure(depth: number): Promise<void> {
	const before = await readBoard();
	stopIf(reasonsNotToStart(before), 'not measured');
	const args = [modelPath, values.type, values.threads, values.tokens, values.batch, String(depth)];
	const timings = (await run('kv_speed', args)) as unknown as readonly Timing[];
	const after = await readBoard();
	states.push(before, after);
	stopIf(reasonsToDiscard(before, after), `the run at ${depth} tokens does not count`);
	const msOf = (what: Timing['what']): number => timings.find((timing) => timing.what === what)?.wallMedianMs ?? Number.NaN;
	const batch = Number(values.batch);
	const measured = {
		decode: 1_000 / msOf('decode'),
		prefill: 1_000 / msOf('prefill'),
		firstTokenMs: batch * msOf('prefill') + msOf('decode'),
	};
	const projected = {
		decode: projectDecode(workload, PI5_CONSTANTS, depth),
		prefill: projectPrefill(workload, PI5_CONSTANTS, batch, depth),
	};
	rows.push([
		String(depth),
		...[measured.prefill, projected.prefill, measured.decode, projected.decode, measured.firstTokenMs].map(formatValue),
		formatValue(after.temperatureCelsius ?? Number.NaN),
	]);
	for (const what of ['prefill', 'decode'] as const) {
		figures.push(
			{ name: `${what}/${depth}`, value: measured[what], unit: 'tok/s' },
			{ name: `${what}/${depth}/projected`, value: projected[what], unit: 'tok/s' },
		);
	}
	figures.push({ name: `first-token/${depth}`, value: measured.firstTokenMs, unit: 'ms' });
}

function stopIf(reasons: readonly string[], what: string): void {
	if (reasons.length === 0) return;
	console.error(`${what}: ${reasons.join(', ')}`);
	process.exit(1);
}

async function tell(): Promise<void> {
	console.log(`\nTokens a second with ${values.threads} threads, cache ${values.type}; first token: of ${values.batch} new ones, ms`);
	printTable(['depth', 'prefill', 'projected', 'decode', 'projected', 'first token', '°C'], rows);
	console.log(
		`\nprojected for a Raspberry Pi 5: ${formatValue(workload.weightBytes / 1e9)} GB of weights and ${formatValue(workload.cacheBytes ?? 0)} B of each cached token,`,
	);
	console.log(
		`${formatValue(100 * PI5_CONSTANTS.bandwidthShare)} % of the bandwidth, ${formatValue(PI5_CONSTANTS.multiplicationsPerCycle)} multiplications a cycle and core`,
	);
	const board = {
		states,
		pageBytes: pageBytes(),
		storage: storageOf(readFileSync('/proc/mounts', 'utf8'), modelPath),
		modelSha256: await sha256(modelPath),
		engineSha256: await engineHash(),
	};
	printTable(
		['board', ''],
		[
			['what', states[0]?.board ?? ''],
			['governor', states[0]?.governor ?? 'unknown'],
			['page', `${board.pageBytes} B`],
			['storage', board.storage],
			['model', board.modelSha256],
			['engine', board.engineSha256],
		],
	);
	if (values.json !== undefined)
		writeReport(values.json, { ...makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures), ...{ board } });
}

/** From the size of any mapping's pages. */
function pageBytes(): number {
	return Number(/^KernelPageSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps', 'utf8'))?.[1]) * 1_024;
}

async function sha256(...files: string[]): Promise<string> {
	const hash = createHash('sha256');
	for (const file of files) await pipeline(createReadStream(file), hash, { end: false });
	return hash.digest('hex');
}

/** Of all libraries that were built, in the order of their names. */
async function engineHash(): Promise<string> {
	const options = { folder: nativeDir(process.env, homedir()), onProgress: () => undefined, signal: new AbortController().signal };
	const builds = join(await obtainOwnBuild({ ...options, inputs: readBuildInputs() }), 'llama', 'localBuilds');
	const found = readdirSync(builds, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.so') || name.endsWith('.node'));
	return sha256(...found.sort().map((name) => join(builds, name)));
}
