/** Where and of what a benchmark was run: every report carries it. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';

export interface Machine {
	readonly cpu: string;
	readonly cores: number;
	readonly memoryGib: number;
	readonly kernel: string;
	readonly arch: string;
	readonly node: string;
	/** CPU frequency governor; undefined where the kernel does not say. */
	readonly governor: string | undefined;
}

export function readMachine(): Machine {
	const processors = cpus();
	return {
		cpu: processors[0]?.model.trim() ?? 'unknown',
		cores: processors.length,
		memoryGib: Math.round(totalmem() / 2 ** 30),
		kernel: release(),
		arch: arch(),
		node: process.version,
		governor: readGovernor(),
	};
}

function readGovernor(): string | undefined {
	try {
		return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
	} catch {
		return undefined;
	}
}

/** Short commit id, with `+` when files differ from it; `unknown` outside a clone. */
export function readCommit(folder: string): string {
	const git = (...args: string[]) =>
		execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	try {
		return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
	} catch {
		return 'unknown';
	}
}
