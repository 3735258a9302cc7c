/** Slow set-up that tests will wait for (clients, models), started in the background while the quick tests run. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './gates.ts';

/**
 * Each `test/support/prepare-*.ts` is a program that fills the cache under its own lock. A test that needs the
 * result calls the same code and waits: a preparation that fails here fails again there, with its message.
 * @returns ends those that still run
 */
export function startPreparations(): () => void {
	const folder = join(ROOT, 'test/support');
	const programs = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => /^prepare-.*\.ts$/.test(name));
	const children = programs.map((name) => start(join(folder, name)));
	return () => {
		for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
	};
}

function start(program: string): ChildProcess {
	const child = spawn(process.execPath, [program], { cwd: ROOT, stdio: 'ignore' });
	if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
	// An unreadable program or a full process table shows up in the test that needs the preparation.
	child.once('error', () => undefined);
	return child;
}
