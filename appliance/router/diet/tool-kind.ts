/** What a tool's result is good for: whether it is a log, or text that an edit may need to the letter. */

import type { DietSettings } from '../../protocol/diet.ts';
import { isReadTool, isWriteTool } from '../tools.ts';

/**
 * `log`: output of a build, a test, an install. `output`: of another command. `exact`: a file's own text, search results,
 * what an edit reports, and everything that is not known: only a literal repetition of those is left out.
 */
export type ResultKind = 'log' | 'output' | 'exact';

const SHELL = /^(?:bash|shell|exec_command|local_shell(?:_call)?|run_command|terminal|powershell|run_terminal_cmd|execute_command)$/i;

/** Programs that report on their own work. */
const RUNNERS = new Set(
	(
		'npm npx pnpm yarn bun pip pip3 uv poetry cargo make cmake ctest ninja go gradle gradlew mvn mvnw dotnet bazel tox pytest py.test vitest ' +
		'jest mocha tsc eslint biome ruff mypy apt apt-get brew terraform ansible-playbook rspec bundle composer phpunit swift xcodebuild'
	).split(' '),
);

/** Programs that print what they read: an edit may need it to the letter. */
const PRINTERS = new Set(
	'cat sed nl awk bat less more head tail xxd od hexdump strings grep egrep rg ag find ls tree diff cmp jq yq cut column sort uniq comm echo printf git gh curl wget ssh docker podman kubectl'.split(
		' ',
	),
);

/** Words that stand before a program. */
const PREFIX = /^(?:(?:[A-Za-z_]\w*=\S*|sudo|time|env|nice|timeout|-\S+|\d+[smh]?|exec|command|nohup)\s+)+/;

/** Where only the end of a log is wanted, its printer prints no file. */
const TRIMS_A_LOG = /^(?:head|tail|grep|egrep|rg|tee|cat|sed|awk|sort|uniq)\b(?!.*\s[\w./-]+\.\w+\s*$)/;

const nameOf = (segment: string): string => /^[\w./+-]+/.exec(segment)?.[0]?.split('/').at(-1) ?? '';

function kindOfCommand(command: string): ResultKind {
	// A text for a program, and what a substitution runs, is more than this can tell.
	if (/<<|\$\(|`/.test(command)) return 'exact';
	let kind: ResultKind = 'output';
	for (const statement of command.split(/&&|\|\||;|\n/)) {
		const [first = '', ...piped] = statement.split('|').map((segment) => segment.trim().replace(PREFIX, ''));
		const name = nameOf(first);
		if (name === '' || name === 'cd' || name === 'export' || name === 'set' || name === 'mkdir') continue;
		if (PRINTERS.has(name) || piped.some((segment) => PRINTERS.has(nameOf(segment)) && !TRIMS_A_LOG.test(segment))) return 'exact';
		if (RUNNERS.has(name)) kind = 'log';
	}
	return kind;
}

/** The command that a shell's call runs; an array is its words. */
function commandOf(input: string): string | undefined {
	try {
		const value = JSON.parse(input) as unknown;
		if (typeof value !== 'object' || value === null) return undefined;
		const fields = value as Readonly<Record<string, unknown>>;
		const command = fields.command ?? fields.cmd ?? fields.script;
		if (typeof command === 'string') return command;
		if (!Array.isArray(command)) return undefined;
		// ["bash", "-lc", "npm test"]
		const words = command.map(String);
		return /^(?:ba|z|da)?sh$/.test(words[0]?.split('/').at(-1) ?? '') ? (words.at(-1) ?? '') : words.join(' ');
	} catch {
		return undefined;
	}
}

/** @param input the tool call's arguments as JSON text */
export function resultKindOf(name: string | undefined, input: string, { exactTools }: Pick<DietSettings, 'exactTools'>): ResultKind {
	if (name === undefined || exactTools.includes(name) || isReadTool(name) || isWriteTool(name) || !SHELL.test(name)) return 'exact';
	const command = commandOf(input);
	return command === undefined ? 'exact' : kindOfCommand(command);
}

/** May it have changed what another call's result was about? */
export const mayChangeFiles = (name: string | undefined): boolean => name === undefined || isWriteTool(name) || SHELL.test(name);
