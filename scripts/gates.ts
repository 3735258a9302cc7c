/** The static gates: what must hold before any test runs, each one command. */

import { join } from 'node:path';
import { type CommandResult, runCommand } from './run-command.ts';

export interface Gate {
	readonly name: string;
	/** Arguments of the pinned Node. */
	readonly args: readonly string[];
}

export const ROOT = join(import.meta.dirname, '..');

const bin = (path: string) => join(ROOT, 'node_modules', path);

/** Format, lint, import boundaries and floating promises are one program: biome.json says which rule guards which folder. */
export const STATIC_GATES: readonly Gate[] = [
	{
		name: 'format, lint, boundaries',
		args: [bin('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=200'],
	},
	{ name: 'types', args: [bin('typescript/bin/tsc'), '--project', 'tsconfig.json'] },
	{ name: 'types of the page', args: [bin('typescript/bin/tsc'), '--project', 'appliance/server/admin/page'] },
	{ name: 'dead code', args: [bin('knip/bin/knip.js'), '--no-progress'] },
];

export const VITEST = bin('vitest/vitest.mjs');

/** Runs one gate, prints how it went, and its output when it failed. */
export async function runGate(gate: Gate): Promise<boolean> {
	const startMs = performance.now();
	const result = await runCommand(process.execPath, gate.args, { cwd: ROOT });
	const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
	console.log(`${result.code === 0 ? 'pass' : 'FAIL'}  ${gate.name} (${seconds} s)`);
	if (result.code !== 0) console.log(outputOf(result));
	return result.code === 0;
}

function outputOf(result: CommandResult): string {
	return result.output.trimEnd().replace(/^/gm, '      ');
}
