/** The command line's front door: finds the command, runs it, and turns what it throws into words and an exit code. */

import { nearest } from '../config/nearest.ts';
import { Problem } from '../protocol/problem.ts';
import { type Command, type Context, EXIT, UsageError } from './command.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { keyCommands } from './key.ts';
import { memberCommands } from './member.ts';
import { modelCommands } from './model.ts';
import { serveCommand } from './serve.ts';
import { spend } from './spend.ts';

const COMMANDS: readonly Command[] = [serveCommand, ...modelCommands, ...keyCommands, ...memberCommands, spend, explain, doctor];

/** @returns the exit code: 0 ok, 1 failed, 2 wrong usage */
export async function runCommandLine(args: readonly string[], context: Context): Promise<number> {
	try {
		return await dispatch(args, context);
	} catch (error) {
		return report(error, args.includes('--json'), context);
	}
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
	const [first] = args;
	if (first === undefined || first === '--help' || first === '-h' || first === 'help') return overview(args, context);
	if (first === '--version' || first === '-V') {
		context.terminal.print(context.version);
		return EXIT.ok;
	}
	const command = findCommand(args);
	if (command !== undefined) return await command.run(args.slice(command.name.split(' ').length), context);
	const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
	if (group.length > 0) return groupHelp(group, args, context);
	throw new UsageError(`There is no command ${JSON.stringify(first)}.${suggest(first, groupNames())}`);
}

function findCommand(args: readonly string[]): Command | undefined {
	return COMMANDS.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
}

/** `innerloop key`, `innerloop key --help`, `innerloop key ad`. */
function groupHelp(group: readonly Command[], [first = '', second]: readonly string[], context: Context): number {
	const words = group.map(({ name }) => name.slice(first.length + 1));
	if (second !== undefined && !second.startsWith('-')) {
		throw new UsageError(`There is no command "${first} ${second}".${suggest(second, words, first)}`);
	}
	const isAsked = second === '--help' || second === '-h';
	const text = list(group);
	if (isAsked) context.terminal.print(text);
	else context.terminal.note(text);
	return isAsked ? EXIT.ok : EXIT.usage;
}

function overview([first, ...rest]: readonly string[], context: Context): number {
	const command = first === 'help' ? findCommand(rest) : undefined;
	if (command === undefined && first === 'help' && rest.length > 0) return groupOrNothing(rest, context);
	context.terminal.print(command?.help ?? [`Innerloop ${context.version}`, '', list(COMMANDS)].join('\n'));
	return EXIT.ok;
}

function groupOrNothing(words: readonly string[], context: Context): number {
	const group = COMMANDS.filter(({ name }) => name.startsWith(`${words[0]} `));
	if (group.length === 0) throw new UsageError(`There is no command ${JSON.stringify(words[0])}.${suggest(words[0] ?? '', groupNames())}`);
	context.terminal.print(list(group));
	return EXIT.ok;
}

function groupNames(): string[] {
	return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? name))];
}

function list(commands: readonly Command[]): string {
	const width = Math.max(...commands.map(({ name }) => name.length));
	return [
		'Usage: innerloop COMMAND [options]',
		'',
		...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
		'',
		'innerloop COMMAND --help says more. Every command takes --json.',
		'Exit codes: 0 ok, 1 failed, 2 wrong usage. NO_COLOR=1 switches colours off.',
	].join('\n');
}

function suggest(word: string, known: readonly string[], prefix?: string): string {
	const near = nearest(word, known);
	return near === undefined ? '' : ` Did you mean "${prefix === undefined ? '' : `${prefix} `}${near}"?`;
}

function report(error: unknown, isJson: boolean, { terminal }: Context): number {
	const isUsage = error instanceof UsageError;
	const message = error instanceof Error ? error.message : String(error);
	const code = isUsage ? 'usage' : error instanceof Problem ? error.code : 'failed';
	if (isJson) terminal.json({ error: { code, message } });
	else terminal.note(`${terminal.paint('red', 'innerloop:')} ${message}${isUsage ? '\nSee: innerloop --help' : ''}`);
	return isUsage ? EXIT.usage : EXIT.failed;
}
