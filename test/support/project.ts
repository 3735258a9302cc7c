/** A tiny project with a fault in it, for agents to read, edit and run. */

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const BROKEN_LINE = 'console.log("sum:", add(1, 2) - 1);';
export const FIXED_LINE = 'console.log("sum:", add(1, 2));';

/** Files: `sum.js` (prints `sum: 2`), `add.js`, `notes.txt`. */
export function writeProject(folder: string): void {
	writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
	writeFileSync(join(folder, 'add.js'), 'export const add = (a, b) => a + b;\n');
	writeFileSync(join(folder, 'sum.js'), `import { add } from './add.js';\n${BROKEN_LINE}\n`);
	writeFileSync(join(folder, 'notes.txt'), 'The sum of one and two is three.\n');
}

export function readProjectFile(folder: string, name: string): string {
	return readFileSync(join(folder, name), 'utf8');
}

/** What `sum.js` really prints now. */
export async function runProject(folder: string): Promise<string> {
	return (await run(process.execPath, ['sum.js'], { cwd: folder })).stdout.trim();
}
