/** A terminal that keeps what is written, and a context around it. */

import type { Context } from '../../../appliance/cli/command.ts';
import { Terminal } from '../../../appliance/cli/terminal.ts';
import type { Environment } from '../../../appliance/config/places.ts';

export interface RecordedContext extends Context {
	out(): string;
	err(): string;
}

export function recordedContext(env: Environment, home: string, isTTY = false): RecordedContext {
	let out = '';
	let err = '';
	const terminal = new Terminal(
		{
			isTTY,
			write: (text) => {
				out += text;
			},
		},
		{
			isTTY,
			write: (text) => {
				err += text;
			},
		},
		env,
	);
	return { env, home, version: '1.2.3', terminal, interruption: () => new AbortController().signal, out: () => out, err: () => err };
}
