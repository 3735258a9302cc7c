/** What compiles here: part of the name of everything that was compiled. */

import { execFileSync } from 'node:child_process';

/** The first line of `program --version`. @throws when the program is not there */
export function firstLine(program: string): string {
	try {
		return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? '';
	} catch (cause) {
		throw new Error(`${program} is needed to build native code, and is not there`, { cause });
	}
}
