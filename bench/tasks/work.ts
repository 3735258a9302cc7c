/** One task worked by a real client: the vendor's SDK in a loop, its tools executed for real, a sub-agent for looking. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { runAnthropicAgent } from '../../test/support/sdk-agents.ts';
import { readOnlyTools, type WorkTool, writingTools } from '../../test/support/work-tools.ts';
import { type Task, writeTask } from './make-task.ts';

export interface WorkOptions {
	readonly url: string;
	readonly key: string;
	/** What the client names for all its calls. */
	readonly model: string;
	readonly mostTurns: number;
}

export interface Worked {
	readonly task: string;
	readonly isSolved: boolean;
	/** Calls of the main loop and of its sub-agents. */
	readonly turns: number;
	readonly wallMs: number;
}

const CLIENT = 'claude-cli/2.1.330 (external, cli)';
const MAX_TOKENS = 1_024;

interface Ran {
	readonly code: number;
	readonly text: string;
}

/** A command's output as an agent sees it, however it ends. */
function shell(command: string, folder: string): Promise<Ran> {
	return new Promise((resolve) => {
		execFile('bash', ['-c', command], { cwd: folder, timeout: 60_000, maxBuffer: 8e6 }, (error, stdout, stderr) => {
			const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
			resolve({ code, text: `${stdout}${stderr}${code === 0 ? '' : `\nexit code ${code}`}` });
		});
	});
}

export async function work(task: Task, session: string, { url, key, model, mostTurns }: WorkOptions): Promise<Worked> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-task-'));
	const client = new Anthropic({ baseURL: url, authToken: key, apiKey: null, maxRetries: 0, timeout: 600_000 });
	const headers = { 'user-agent': CLIENT, 'x-claude-code-session-id': session };
	let turns = 0;
	const looking: WorkTool = {
		name: 'Agent',
		description: 'Sends somebody to look for something; tells what they found.',
		inputSchema: { type: 'object', properties: { prompt: { type: 'string', description: 'What to find' } }, required: ['prompt'] },
		async execute({ prompt }) {
			const run = await runAnthropicAgent(client, {
				model,
				system: 'You look for things in a project with your tools, and answer in one sentence.',
				prompt: String(prompt),
				tools: readOnlyTools(folder),
				maxTurns: 4,
				maxTokens: 256,
				isCached: true,
				headers: { ...headers, 'x-claude-code-agent-id': 'looking', 'x-claude-code-agent-type': 'Explore' },
			});
			turns += run.turns;
			return run.text === '' ? 'Nothing was found.' : run.text;
		},
	};
	const bash: WorkTool = {
		name: 'Bash',
		description: 'Runs a command.',
		inputSchema: { type: 'object', properties: { command: { type: 'string', description: 'Command line' } }, required: ['command'] },
		execute: async ({ command }) => (await shell(String(command), folder)).text,
	};
	const edit = writingTools(folder).filter(({ name }) => name === 'Edit');
	try {
		writeTask(folder, task);
		const startedMs = performance.now();
		const run = await runAnthropicAgent(client, {
			model,
			system:
				'You mend small projects: run `npm test --silent`, find what is wrong, change as little as you can, and stop when the tests pass.',
			prompt: 'A test fails. Mend the project; leave the tests alone.',
			tools: [...readOnlyTools(folder), ...edit, bash, looking],
			maxTurns: mostTurns,
			maxTokens: MAX_TOKENS,
			isCached: true,
			headers,
		});
		const wallMs = performance.now() - startedMs;
		// The tests as they were made, whatever was done to those in the folder.
		writeTask(folder, { files: { 'run-tests.mjs': task.files['run-tests.mjs'] ?? '', 'package.json': task.files['package.json'] ?? '' } });
		const { code } = await shell('npm test --silent', folder);
		return { task: task.name, isSolved: code === 0, turns: turns + run.turns, wallMs };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
