/** The command line's front door: finds the command, runs it, and turns what it throws into words and an exit code. */

import { nearest } from '../config/nearest.ts';
import { Problem } from '../protocol/problem.ts';
import { type Command, type Context, EXIT, UsageError } from './command.ts';

/** Loaded when they are needed: most commands want nothing of what `serve` does. */
const GROUPS: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
	serve: async () => (await import('./serve.ts')).serveCommands,
	kv: async () => (await import('./kv.ts')).kvCommands,
	model: async () => (await import('./model.ts')).modelCommands,
	key: async () => (await import('./key.ts')).keyCommands,
	member: async () => (await import('./member.ts')).memberCommands,
	spend: async () => (await import('./spend.ts')).spendCommands,
	deployments: async () => (await import('./deployments.ts')).deploymentsCommands,
	explain: async () => (await import('./explain.ts')).explainCommands,
	update: async () => (await import('./update.ts')).updateCommands,
	claim: async () => (await import('./access.ts')).accessCommands.filter(({ name }) => name.startsWith('claim')),
	pair: async () => (await import('./access.ts')).accessCommands.filter(({ name }) => name === 'pair'),
	audit: async () => (await import('./access.ts')).accessCommands.filter(({ name }) => name === 'audit'),
	secret: async () => (await import('./access.ts')).accessCommands.filter(({ name }) => name.startsWith('secret')),
	earned: async () => (await import('./earned.ts')).earnedCommands,
	replay: async () => (await import('./replay.ts')).replayCommands,
	discover: async () => (await import('./discover.ts')).discoverCommands,
	connect: async () => (await import('./connect.ts')).connectCommands,
	off: async () => (await import('./connect.ts')).offCommands,
	doctor: async () => (await import('./doctor.ts')).doctorCommands,
};

const FOOTER = [
	'innerloop COMMAND --help says more. Every command takes --json.',
	'Exit codes: 0 ok, 1 failed, 2 wrong usage. NO_COLOR=1 switches colours off.',
];

/** @returns the exit code: 0 ok, 1 failed, 2 wrong usage */
export async function runCommandLine(args: readonly string[], context: Context): Promise<number> {
	try {
		return await dispatch(args[0] === 'help' ? [...args.slice(1), '--help'] : args, context);
	} catch (error) {
		return report(error, args.includes('--json'), context);
	}
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
	const [group, word] = args;
	if (group === undefined || group === '--help' || group === '-h') return await overview(context);
	if (group === '--version' || group === '-V') {
		context.terminal.print(context.version);
		return EXIT.ok;
	}
	const load = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined;
	if (load === undefined) throw new UsageError(`There is no command ${JSON.stringify(group)}.${suggest(group, Object.keys(GROUPS))}`);
	const commands = await load();
	const command = commands.find(({ name }) => name === group || name === `${group} ${word}`);
	if (command !== undefined) return await command.run(args.slice(command.name.split(' ').length), context);
	return listGroup(group, word, commands, context);
}

async function overview({ terminal, version }: Context): Promise<number> {
	const commands = (await Promise.all(Object.values(GROUPS).map((load) => load()))).flat();
	terminal.print([`Innerloop ${version}`, '', list(commands)].join('\n'));
	return EXIT.ok;
}

/** `innerloop key`, `innerloop key --help`, `innerloop key ad`. */
function listGroup(group: string, word: string | undefined, commands: readonly Command[], { terminal }: Context): number {
	if (word === '--help' || word === '-h') {
		terminal.print(list(commands));
		return EXIT.ok;
	}
	const words = commands.map(({ name }) => name.slice(group.length + 1));
	if (word === undefined || word.startsWith('-')) throw new UsageError(`innerloop ${group} what? One of: ${words.join(', ')}.`);
	throw new UsageError(`There is no command "${group} ${word}".${suggest(word, words)}`);
}

function list(commands: readonly Command[]): string {
	const width = Math.max(...commands.map(({ name }) => name.length));
	const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
	return ['Usage: innerloop COMMAND [options]', '', ...lines, '', ...FOOTER].join('\n');
}

function suggest(word: string, known: readonly string[]): string {
	const near = nearest(word, known);
	return near === undefined ? '' : ` Did you mean "${near}"?`;
}

function report(error: unknown, isJson: boolean, { terminal }: Context): number {
	const isUsage = error instanceof UsageError;
	const message = error instanceof Error ? error.message : String(error);
	const code = isUsage ? 'usage' : error instanceof Problem ? error.code : 'failed';
	if (isJson) terminal.json({ error: { code, message } });
	else terminal.note(`${terminal.paint('red', 'innerloop:')} ${message}${isUsage ? '\nSee: innerloop --help' : ''}`);
	return isUsage ? EXIT.usage : EXIT.failed;
}
