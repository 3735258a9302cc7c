/** Runs sessions of the real aider with the lines of the banner, in a repository of its own. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LinesInput } from '../../appliance/protocol/client-lines.ts';
import type { ClientProgram } from './client-installs.ts';
import { pastedEnv, pastedLines } from './pasted.ts';
import { type ClientExit, runClient, type WorkPlace } from './run-client.ts';

const run = promisify(execFile);
const AUTHOR = {
	GIT_AUTHOR_NAME: 'Tester',
	GIT_AUTHOR_EMAIL: 'tester@localhost',
	GIT_COMMITTER_NAME: 'Tester',
	GIT_COMMITTER_EMAIL: 'tester@localhost',
};

const git = async (place: WorkPlace, ...args: string[]) =>
	(await run('git', args, { cwd: place.workDir, env: { PATH: process.env.PATH, HOME: place.home, ...AUTHOR } })).stdout;

/**
 * Makes the place a repository with one commit, and writes the pasted configuration into it.
 * @param api whose wire it is to speak; default: OpenAI's, as pasted
 */
export async function configureAider(place: WorkPlace, input: LinesInput, api = 'openai'): Promise<Record<string, string>> {
	for (const file of ['.aider.conf.yml', '.aider.model.settings.yml']) {
		place.write(`project/${file}`, pastedLines('aider', `in ${file}`, input).replaceAll('openai/', `${api}/`));
	}
	place.write('project/.gitignore', '.aider*\n');
	await git(place, 'init', '--quiet');
	await git(place, 'add', '--all');
	await git(place, 'commit', '--quiet', '--message', 'First');
	return pastedEnv('aider', input);
}

/** Subjects of the repository's commits, the newest first. */
export async function commitsOf(place: WorkPlace): Promise<readonly string[]> {
	return (await git(place, 'log', '--format=%s')).trim().split('\n');
}

export interface AiderOptions {
	readonly program: ClientProgram;
	readonly place: WorkPlace;
	readonly prompt: string;
	readonly args?: readonly string[];
}

/** One `aider --message`: it edits, commits, runs what it is told to, and ends. */
export function runAider({ program, place, prompt, args = [] }: AiderOptions, env: Readonly<Record<string, string>>): Promise<ClientExit> {
	const quiet = ['--yes-always', '--no-check-update', '--analytics-disable', '--no-pretty', '--no-fancy-input'];
	return runClient({ program, place, args: ['--message', prompt, ...quiet, ...args], env: { ...AUTHOR, ...env } });
}
