/** Tools that do what they say in one folder: what an SDK agent's loop executes. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface WorkTool {
	readonly name: string;
	readonly description: string;
	readonly inputSchema: {
		readonly type: 'object';
		readonly properties: Readonly<Record<string, { readonly type: string; readonly description: string }>>;
		readonly required: readonly string[];
	};
	/** Rejects with what went wrong: the loop gives that to the model as the tool's error. */
	execute(input: Readonly<Record<string, unknown>>): Promise<string>;
}

function schema(required: Readonly<Record<string, string>>, optional: Readonly<Record<string, string>> = {}): WorkTool['inputSchema'] {
	const properties = Object.fromEntries(
		Object.entries({ ...required, ...optional }).map(([name, description]) => [name, { type: 'string', description }]),
	);
	return { type: 'object', properties, required: Object.keys(required) };
}

/** Read, Grep, Glob, LS, Stat: nothing changes. */
export function readOnlyTools(folder: string): readonly WorkTool[] {
	const inside = pathInside(folder);
	const names = () => readdirSync(folder).sort();
	return [
		{
			name: 'Read',
			description: 'Reads a file.',
			inputSchema: schema({ file_path: 'Path of the file' }),
			execute: async ({ file_path }) => readFileSync(inside(file_path), 'utf8'),
		},
		{
			name: 'Grep',
			description: 'Searches all files for a text.',
			inputSchema: schema({ pattern: 'Text to look for' }),
			execute: async ({ pattern }) => {
				const hits = names().flatMap((name) =>
					readFileSync(inside(name), 'utf8')
						.split('\n')
						.flatMap((line, index) => (line.includes(String(pattern)) ? [`${name}:${index + 1}:${line}`] : [])),
				);
				return hits.join('\n') || 'No matches.';
			},
		},
		{
			name: 'Glob',
			description: 'Lists the files whose names match a pattern such as *.js.',
			inputSchema: schema({ pattern: 'Pattern with *' }),
			execute: async ({ pattern }) => {
				const parts = String(pattern).split('*');
				const hits = names().filter((name) => name.startsWith(parts[0] ?? '') && name.endsWith(parts.at(-1) ?? ''));
				return hits.join('\n') || 'No files.';
			},
		},
		{
			name: 'LS',
			description: 'Lists the files of the project.',
			inputSchema: schema({}, { path: 'Folder; default: the project' }),
			execute: async () => names().join('\n'),
		},
	];
}

/** Edit and Bash: they write and execute. */
export function writingTools(folder: string): readonly WorkTool[] {
	const inside = pathInside(folder);
	return [
		{
			name: 'Edit',
			description: 'Replaces a text in a file.',
			inputSchema: schema({ file_path: 'Path of the file', old_string: 'Text to replace', new_string: 'New text' }),
			execute: async ({ file_path, old_string, new_string }) => {
				const before = readFileSync(inside(file_path), 'utf8');
				if (!before.includes(String(old_string))) throw new Error('old_string does not occur in the file');
				writeFileSync(
					inside(file_path),
					before.replace(String(old_string), () => String(new_string)),
				);
				return 'Edited.';
			},
		},
		{
			name: 'Bash',
			description: 'Runs a command.',
			inputSchema: schema({ command: 'Command line' }),
			execute: async ({ command }) => (await run('bash', ['-c', String(command)], { cwd: folder })).stdout,
		},
	];
}

function pathInside(folder: string): (path: unknown) => string {
	return (path) => {
		const full = resolve(folder, String(path));
		if (full !== folder && !full.startsWith(folder + sep)) throw new Error(`${String(path)} is outside the project`);
		return full;
	};
}
