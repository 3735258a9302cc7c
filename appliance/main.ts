/** The program: arguments and environment in, exit code out. Nothing else reads them. */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { runCommandLine } from './cli/run-command-line.ts';
import { Terminal } from './cli/terminal.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

process.exitCode = await runCommandLine(process.argv.slice(2), {
	env: process.env,
	home: homedir(),
	version,
	terminal: new Terminal(process.stdout, process.stderr, process.env),
	interruption,
});

function interruption(): AbortSignal {
	const controller = new AbortController();
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.once(signal, () => controller.abort(new Error(`Stopped by ${signal}.`)));
	}
	return controller.signal;
}
