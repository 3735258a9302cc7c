/** What a command is: its name, its options with their words, and what it does. */

import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import type { Environment } from '../config/places.ts';
import type { Terminal } from './terminal.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The arguments are wrong: says what is right. */
export class UsageError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'UsageError';
	}
}

export interface Context {
	readonly env: Environment;
	readonly home: string;
	/** Of this program. */
	readonly version: string;
	readonly terminal: Terminal;
	/** Aborts when the user interrupts; from the first use on, an interrupt no longer ends the process by itself. */
	interruption(): AbortSignal;
}

export type Options = Readonly<Record<string, ParseArgsOptionDescriptor & { readonly help: string; readonly value?: string }>>;

const COMMON = {
	json: { type: 'boolean', help: 'Print the result as JSON.' },
	help: { type: 'boolean', short: 'h', help: 'Print this help.' },
} as const satisfies Options;

type Values<O extends Options> = ReturnType<
	typeof parseArgs<{ options: O & typeof COMMON; strict: true; allowPositionals: true }>
>['values'];

export interface Input<O extends Options> {
	readonly values: Values<O>;
	readonly positionals: readonly string[];
}

export interface CommandSpec<O extends Options> {
	/** With its group: `key add`. */
	readonly name: string;
	readonly summary: string;
	/** Names of the positional arguments; those in brackets may be left out. */
	readonly positionals?: readonly string[];
	readonly options: O;
	/** More to know, below the options. */
	readonly details?: string;
	/** @returns the exit code */
	run(input: Input<O>, context: Context): Promise<number>;
}

export interface Command {
	readonly name: string;
	readonly summary: string;
	readonly help: string;
	run(args: readonly string[], context: Context): Promise<number>;
}

/** Adds `--json` and `--help`, checks the arguments, and words the errors. */
export function defineCommand<const O extends Options>(spec: CommandSpec<O>): Command {
	const options = { ...spec.options, ...COMMON };
	const help = helpOf(spec, options);
	return {
		name: spec.name,
		summary: spec.summary,
		help,
		async run(args, context) {
			const input = parse(options, args) as Input<O>;
			if (args.includes('--help') || args.includes('-h')) {
				context.terminal.print(help);
				return EXIT.ok;
			}
			checkPositionals(spec, input.positionals);
			return await spec.run(input, context);
		},
	};
}

function parse(options: Options, args: readonly string[]): { values: unknown; positionals: readonly string[] } {
	try {
		return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		const unknown = /^Unknown option '(--?[^']+)'/.exec(message)?.[1];
		if (unknown === undefined) throw new UsageError(message.split('. ')[0] ?? message);
		const near = nearest(unknown.replace(/^-+/, ''), Object.keys(options));
		throw new UsageError(`Unknown option ${unknown}.${near === undefined ? '' : ` Did you mean --${near}?`}`);
	}
}

function checkPositionals<O extends Options>({ name, positionals = [] }: CommandSpec<O>, given: readonly string[]): void {
	const missing = positionals[given.length];
	if (missing !== undefined && !missing.startsWith('[')) throw new UsageError(`innerloop ${name} needs ${missing}.`);
	const extra = given[positionals.length];
	if (extra !== undefined) throw new UsageError(`innerloop ${name} does not know what to do with ${JSON.stringify(extra)}.`);
}

function helpOf<O extends Options>({ name, summary, positionals = [], details }: CommandSpec<O>, options: Options): string {
	const rows = Object.entries(options).map(([key, option]) => {
		const short = option.short === undefined ? '' : `-${option.short}, `;
		return [`  ${short}--${key}${option.type === 'string' ? ` ${option.value ?? 'TEXT'}` : ''}`, option.help] as const;
	});
	const width = Math.max(...rows.map(([left]) => left.length));
	return [
		summary,
		'',
		`Usage: innerloop ${[name, ...positionals].join(' ')} [options]`,
		'',
		...rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`),
		...(details === undefined ? [] : ['', details]),
	].join('\n');
}
