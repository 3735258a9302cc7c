/** What the NEON kernels cost a Cortex-A76: cycles by llvm-mca's model of its core family, and instructions counted under emulation. */

import { execFileSync, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nativeDir } from '../../appliance/config/places.ts';
import { CROSS_CXX, EMULATOR, obtainCrossTools } from '../../native/build/cross-compiler.ts';
import { obtainArm64KernelPrograms } from '../../native/build/turboquant-build.ts';
import type { Figure } from '../lib/report.ts';

const HEADS = 8;
const BLOCK = 256;
/** LLVM has no model of the A76; the Neoverse N1 is the same core in a server. */
const MCA_OPTIONS = ['-mtriple=aarch64', '-mcpu=neoverse-n1', '-iterations=200'];
const MCA_PROGRAMS = ['llvm-mca-19', 'llvm-mca-18', 'llvm-mca-16', 'llvm-mca', 'llvm-mca-14'];

/** Kernel → the method of NeonDotprod that holds its loops. */
const METHODS = { scores: 'dot_block', accumulate: 'add_group' };

interface Loop {
	readonly lines: readonly string[];
	readonly dots: number;
	readonly lookUps: number;
}

/** Innermost loops of a method of the kernels of one width: from a label to the next branch, where that goes back to it. */
function loopsOf(assembly: string, bits: number, method: string): readonly Loop[] {
	const name = `_ZN\\w*NeonDotprodILi${bits}EE${method.length}${method}[\\w.]*`;
	const body = new RegExp(`^${name}:\\n(?<body>[\\s\\S]*?)^\\t\\.size\\t`, 'm').exec(assembly)?.groups?.body ?? '';
	const parts = body.split(/^(?=\.L\w+:)/m);
	return parts.flatMap((part) => {
		const [label = ''] = part.split(':');
		const lines = part.split('\n').filter((line) => /^\t[a-z]/.test(line));
		const end = lines.findIndex((line) => new RegExp(`^\\t(b\\.?\\w*|cbn?z|tbn?z)\\t.*${label.replace('.', '\\.')}$`).test(line));
		const inside = lines.slice(0, end + 1);
		const count = (pattern: RegExp): number => inside.filter((line) => pattern.test(line)).length;
		return end < 0 ? [] : [{ lines: inside, dots: count(/^\t[su]dot/), lookUps: count(/^\ttbl/) }];
	});
}

function cyclesOf(mca: string, loop: Loop): number {
	const out = execFileSync(mca, MCA_OPTIONS, { input: `${loop.lines.join('\n')}\n`, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
	return Number(/^Total Cycles:\s+(\d+)/m.exec(out)?.[1]) / 200;
}

/** Cycles a KV element for all heads: each dot product makes sixteen products, each look-up unpacks sixteen elements. */
function cyclesAnElement(mca: string, loops: readonly Loop[]): number {
	// The compiler leaves a second copy of a loop for what remains of a tile: the first of each kind is the one that runs.
	const summing = loops.find(({ dots }) => dots >= 4);
	const unpacking = loops.find(({ dots, lookUps }) => dots === 0 && lookUps >= 4);
	const sums = summing === undefined ? Number.NaN : cyclesOf(mca, summing) / ((summing.dots * 16) / HEADS);
	return sums + (unpacking === undefined ? 0 : cyclesOf(mca, unpacking) / (unpacking.lookUps * 16));
}

/** Empty without llvm-mca. @throws where the cross compiler cannot be had */
export async function measureByMca(): Promise<readonly Figure[]> {
	const mca = MCA_PROGRAMS.find((program) => isThere(program));
	if (mca === undefined) return [];
	await obtainCrossTools([CROSS_CXX], new AbortController().signal);
	const source = fileURLToPath(new URL('./neon_loops.cpp', import.meta.url));
	const include = fileURLToPath(new URL('../../native/turboquant/include', import.meta.url));
	const options = ['-std=c++17', '-O3', '-ffp-contract=off', '-march=armv8.2-a+dotprod', '-I', include, '-S', '-o', '-'];
	const assembly = execFileSync(CROSS_CXX, [...options, source], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
	return [3, 4, 5, 6].flatMap((bits) =>
		Object.entries(METHODS).map(([kernel, method]): Figure => {
			const value = cyclesAnElement(mca, loopsOf(assembly, bits, method));
			const figure = { name: `tq${bits}/neon-dotprod/${kernel}/mca`, value, unit: 'cycles/element' };
			return kernel === 'scores' ? { ...figure, target: { is: '<', value: 0.4 } } : figure;
		}),
	);
}

/** Instructions a KV element, from what 64 more tokens add. @throws where compiler or emulator cannot be had */
export async function countInstructions(): Promise<readonly Figure[]> {
	const { signal } = new AbortController();
	await obtainCrossTools([CROSS_CXX, EMULATOR, 'cmake'], signal);
	const { count } = await obtainArm64KernelPrograms(nativeDir(process.env, homedir()), signal);
	const figures: Figure[] = [];
	for (const bits of [3, 4, 5, 6]) {
		for (const kernel of ['scores', 'accumulate']) {
			const more = (await executed(count, [`${bits}`, kernel, '128'])) - (await executed(count, [`${bits}`, kernel, '64']));
			figures.push({ name: `tq${bits}/neon-dotprod/${kernel}/instructions`, value: more / (64 * BLOCK), unit: 'instructions/element' });
		}
	}
	return figures;
}

/** The emulator names every instruction that it runs, a line each. */
async function executed(program: string, args: readonly string[]): Promise<number> {
	const child = spawn(EMULATOR, ['-cpu', 'cortex-a76', '-singlestep', '-d', 'exec,nochain', program, ...args], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let lines = 0;
	for await (const line of createInterface({ input: child.stderr })) if (line.startsWith('Trace')) lines += 1;
	return lines;
}

function isThere(program: string): boolean {
	try {
		execFileSync(program, ['--version'], { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}
