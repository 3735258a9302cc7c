/** Entry of the one file for developers' machines: discover, connect and off, without a package beside Node 18. */

import { homedir } from 'node:os';
import { type Command, type Context, EXIT, UsageError } from '../command.ts';
import { connectCommands, offCommands } from '../connect.ts';
import { discoverCommands } from '../discover.ts';
import { Terminal } from '../terminal.ts';

/** Put in when the file is built. */
declare const INNERLOOP_VERSION: string;

const COMMANDS: readonly Command[] = [...discoverCommands, ...connectCommands, ...offCommands];

const terminal = new Terminal(process.stdout, process.stderr, process.env);
const context: Context = {
	env: process.env,
	home: homedir(),
	version: INNERLOOP_VERSION,
	terminal,
	interruption: () => AbortSignal.abort(),
};

process.exitCode = await main(process.argv.slice(2));

async function main([word, ...args]: readonly string[]): Promise<number> {
	const command = COMMANDS.find(({ name }) => name === word);
	if (command === undefined) {
		terminal.print(overview());
		return word === undefined || /^(-h|--help|help)$/.test(word) ? EXIT.ok : EXIT.usage;
	}
	try {
		return await command.run(args, context);
	} catch (error) {
		terminal.note(`innerloop: ${error instanceof Error ? error.message : String(error)}`);
		return error instanceof UsageError ? EXIT.usage : EXIT.failed;
	}
}

function overview(): string {
	const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
	return [`Innerloop ${INNERLOOP_VERSION}, for the machines of developers`, '', ...lines, '', 'COMMAND --help says more.'].join('\n');
}
