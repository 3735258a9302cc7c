/** A small tree of its own with this project's real configuration, in which a gate can be broken on purpose. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT, STATIC_GATES } from '../../scripts/gates.ts';
import { type CommandResult, runCommand } from '../../scripts/run-command.ts';

const COPIED = [
	'biome.json',
	'tsconfig.json',
	'knip.json',
	'vitest.config.ts',
	'launch.mjs',
	'scripts/launch',
	'scripts/lint',
	'scripts/check.ts',
	'scripts/gates.ts',
	'scripts/preparations.ts',
	'scripts/run-command.ts',
	'scripts/run-tests.ts',
	'scripts/tally.ts',
	'test/unit/launch',
	'appliance/server/admin/page/tsconfig.json',
];

export interface ScratchTree {
	readonly path: string;
	/** Writes files by their path in the tree. */
	write(files: Readonly<Record<string, string>>): void;
	remove(file: string): void;
	/** Runs one of the static gates by its name. */
	runGate(name: string): Promise<CommandResult>;
	/** Runs a program of the tree, or of this project by its absolute path. */
	run(args: readonly string[]): Promise<CommandResult>;
	delete(): void;
}

/** Passes every gate as it is. */
export function createScratchTree(): ScratchTree {
	const path = mkdtempSync(join(tmpdir(), 'innerloop-gates-'));
	for (const name of COPIED) cpSync(join(ROOT, name), join(path, name), { recursive: true });
	symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
	const run = (args: readonly string[]) => runCommand(process.execPath, args, { cwd: path, env: { NO_COLOR: '1', FORCE_COLOR: '0' } });
	const tree: ScratchTree = {
		path,
		run,
		write(files) {
			for (const [name, text] of Object.entries(files)) {
				mkdirSync(dirname(join(path, name)), { recursive: true });
				writeFileSync(join(path, name), text);
			}
		},
		remove: (file) => rmSync(join(path, file), { force: true }),
		async runGate(name) {
			const gate = STATIC_GATES.find((one) => one.name === name);
			if (gate === undefined) throw new Error(`There is no gate ${name}.`);
			return await run(gate.args);
		},
		delete: () => rmSync(path, { recursive: true, force: true }),
	};
	tree.write(CLEAN);
	return tree;
}

const CLEAN = {
	'package.json': `${JSON.stringify({ name: 'scratch', private: true, type: 'module', scripts: { start: 'node launch.mjs serve' }, dependencies: { zod: '4' }, devDependencies: { vitest: '5', typescript: '7', '@types/node': '24' } }, null, 2)}\n`,
	'appliance/main.ts':
		"import { z } from 'zod';\nimport { double } from './protocol/double.ts';\n\nprocess.stdout.write(String(double(z.number().parse(2))));\n",
	'appliance/protocol/double.ts': 'export function double(value: number): number {\n\treturn value * 2;\n}\n',
	'appliance/server/admin/page/main.tsx': "document.title = 'page';\n",
	'test/unit/double.test.ts':
		"import { expect, test } from 'vitest';\nimport { double } from '../../appliance/protocol/double.ts';\n\ntest('doubles', () => {\n\texpect(double(2)).toBe(4);\n});\n",
};
