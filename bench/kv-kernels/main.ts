/** `npm run bench:kv-kernels`: what the codec's kernels cost a KV element, by format and instruction set, on one thread. */

import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nativeDir } from '../../appliance/config/places.ts';
import { type BlockShape, openTurboquant, type Turboquant } from '../../native/bindings/index.ts';
import { obtainAddon } from '../../native/build/turboquant-build.ts';
import { type Figure, formatValue, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { countInstructions, measureByMca } from './emulated-arm.ts';

const USAGE = `Usage: npm run bench:kv-kernels -- [options]

  --heads N    query heads that share a KV head (default: 8, as in Gemma 4 E2B)
  --arm        also what the NEON kernels cost a Cortex-A76: cycles by llvm-mca where it is installed, instructions counted
               under emulation; the cross compiler and the emulator are installed where they are missing
  --json FILE  also write {machine, commit, figures} there
`;

/** Small enough for the second cache: this is about arithmetic, not about memory. */
const TOKENS = 1_024;
const ROUNDS = 60;
const BLOCK = 256;

interface Bed {
	readonly tq: Turboquant;
	readonly shape: BlockShape;
	readonly rows: Float32Array;
	readonly encoded: Uint8Array;
	readonly queries: Float32Array;
	readonly weights: Float32Array;
	readonly heads: number;
}

function makeBed(tq: Turboquant, bits: number, heads: number): Bed {
	const shape = { bits, block: BLOCK, blocks: 1 };
	// A rotated vector's coordinates are nearly normal; a sum of uniforms is near enough to time with.
	const normal = (): number => Math.random() + Math.random() + Math.random() - 1.5;
	const rows = Float32Array.from({ length: TOKENS * BLOCK }, normal);
	const queries = Float32Array.from({ length: heads * BLOCK }, normal);
	const weights = Float32Array.from({ length: heads * TOKENS }, Math.random);
	return { tq, shape, rows, encoded: tq.encode(shape, rows), queries, weights, heads };
}

/** Least of the rounds, in nanoseconds a KV element: the machine's other work only ever adds. */
function leastNanos(action: () => void): number {
	let least = Number.POSITIVE_INFINITY;
	for (let round = 0; round < ROUNDS; round += 1) {
		const start = performance.now();
		action();
		least = Math.min(least, performance.now() - start);
	}
	return (least * 1e6) / (TOKENS * BLOCK);
}

function measure(bed: Bed, isa: string): readonly Figure[] {
	const { tq, shape, encoded, queries, weights, heads } = bed;
	const name = (kernel: string): string => `tq${shape.bits}/${isa}/${kernel}`;
	const scores = leastNanos(() => void tq.scores(shape, encoded, queries, isa));
	const accumulate = leastNanos(() => void tq.accumulate(shape, encoded, weights, heads, isa));
	return [
		{ name: name('scores'), value: scores, unit: 'ns/element' },
		{ name: name('accumulate'), value: accumulate, unit: 'ns/element' },
	];
}

function measureCodec({ tq, shape, rows, encoded }: Bed): readonly Figure[] {
	return [
		{ name: `tq${shape.bits}/encode`, value: leastNanos(() => void tq.encode(shape, rows)), unit: 'ns/element' },
		{ name: `tq${shape.bits}/reconstruct`, value: leastNanos(() => void tq.reconstruct(shape, encoded)), unit: 'ns/element' },
	];
}

function show(figures: readonly Figure[], isas: readonly string[], heads: number): void {
	const figureOf = (name: string): number => figures.find((figure) => figure.name === name)?.value ?? Number.NaN;
	console.log(`Nanoseconds a KV element for all ${heads} heads, and how many times faster than the scalar reference:`);
	const rows = [3, 4, 5, 6].flatMap((bits) =>
		isas.map((isa) => {
			const cells = ['scores', 'accumulate'].flatMap((kernel) => {
				const value = figureOf(`tq${bits}/${isa}/${kernel}`);
				return [value.toFixed(3), formatValue(figureOf(`tq${bits}/scalar/${kernel}`) / value)];
			});
			return [`tq${bits} ${isa}`, ...cells];
		}),
	);
	printTable(['kernel', 'scores', '×', 'accumulate', '×'], rows);
	console.log('\nOnce a token:');
	const once = [3, 4, 5, 6].map((bits) => [
		`tq${bits}`,
		formatValue(figureOf(`tq${bits}/encode`)),
		formatValue(figureOf(`tq${bits}/reconstruct`)),
	]);
	printTable(['format', 'encode ns', 'reconstruct ns'], once);
}

async function showArm(): Promise<readonly Figure[]> {
	const figures = [...(await measureByMca()), ...(await countInstructions())];
	const cell = (name: string): string => formatValue(figures.find((figure) => figure.name === name)?.value ?? Number.NaN);
	console.log('\nOn a Cortex-A76, a KV element for 8 heads: cycles by llvm-mca (Neoverse N1, inner loops alone), and instructions in all:');
	const rows = [3, 4, 5, 6].map((bits) => [
		`tq${bits}`,
		...['scores/mca', 'accumulate/mca', 'scores/instructions', 'accumulate/instructions'].map((what) =>
			cell(`tq${bits}/neon-dotprod/${what}`),
		),
	]);
	printTable(['format', 'scores', 'accumulate', 'instr. scores', 'instr. accumulate'], rows);
	printTargets(figures);
	return figures;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			heads: { type: 'string', default: '8' },
			json: { type: 'string' },
			arm: { type: 'boolean', default: false },
			help: { type: 'boolean', short: 'h' },
		},
	});
	if (values.help === true) return void process.stdout.write(USAGE);
	const heads = Number(values.heads);
	if (!(Number.isInteger(heads) && heads >= 1 && heads <= 16)) throw new Error('--heads is a whole number from 1 to 16.');
	const tq = openTurboquant(await obtainAddon(nativeDir(process.env, homedir()), new AbortController().signal));
	const figures = [3, 4, 5, 6].flatMap((bits) => {
		const bed = makeBed(tq, bits, heads);
		return [...tq.instructionSets.flatMap((isa) => measure(bed, isa)), ...measureCodec(bed)];
	});
	show(figures, tq.instructionSets, heads);
	if (values.arm) figures.push(...(await showArm()));
	if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));
}

await main();
