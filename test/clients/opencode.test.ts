/** opencode itself works through the box, by each wire that it can speak: a title, a sub-agent, an edit, a command, a compaction. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installOpencode } from '../support/client-installs.ts';
import { configureOpencode, type OpencodeResult, type OpencodeSettings, runOpencode } from '../support/opencode.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script, Turn } from '../support/upstream/script.ts';
import { headerOf } from '../support/wiretap.ts';

/** What opencode is told of its model; the fourth answer fills it. */
const LIMIT = { context: 60_000, output: 4_000 };
const FULL_WINDOW = { inputTokens: 59_000 };

const isSubagent = ({ headers }: Turn) => headers['x-parent-session-id'] !== undefined;

/** Delegates, reads, edits, is compacted, runs, and says what it saw. */
function plan(workDir: string): Script {
	const file = join(workDir, 'sum.js');
	const steps: Answer[] = [
		{ content: [{ tool: 'task', input: { description: 'Read add.js', prompt: 'What does add.js do?', subagent_type: 'explore' } }] },
		{ content: ['I read.', { tool: 'read', input: { filePath: file } }] },
		{
			content: [{ tool: 'edit', input: { filePath: file, oldString: BROKEN_LINE, newString: FIXED_LINE } }],
			usage: FULL_WINDOW,
		},
		{ content: [{ tool: 'bash', input: { command: 'node sum.js', description: 'Run it' } }] },
	];
	return (turn) => {
		const { toolNames, toolResults } = turn;
		if (toolNames.length === 0) return { content: ['Sums that are wrong'] };
		if (isSubagent(turn)) {
			if (toolResults.length > 0) return { content: ['It adds two numbers.'] };
			return { content: [{ tool: 'read', input: { filePath: join(workDir, 'add.js') } }] };
		}
		if (turn.lastUserText.includes('Say hello')) return { content: ['Hello.'] };
		return steps.shift() ?? { content: [`It prints ${/sum: \d/.exec(toolResults[0]?.text ?? '')?.[0]}`] };
	};
}

interface Way {
	readonly npm: OpencodeSettings['npm'];
	readonly path: string;
	readonly vendor: 'anthropic' | 'openai';
	/** Deployments that its outer and its mid calls reach. */
	readonly outer: string;
	readonly mid: string;
}

const WAYS: readonly Way[] = [
	{ npm: undefined, path: '/v1/chat/completions', vendor: 'openai', outer: 'openai-frontier', mid: 'openai-mid' },
	{ npm: '@ai-sdk/anthropic', path: '/v1/messages', vendor: 'anthropic', outer: 'frontier', mid: 'mid' },
	{ npm: '@ai-sdk/openai', path: '/v1/responses', vendor: 'openai', outer: 'openai-frontier', mid: 'openai-mid' },
];

describe.each(WAYS)('a session of opencode by $path', ({ npm, path, vendor, outer, mid }) => {
	const place = makeWorkPlace();
	let box: Box;
	let first: OpencodeResult;
	let second: OpencodeResult;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installOpencode();
		writeProject(place.workDir);
		box = await startBox({ script: plan(place.workDir), hasEngine: false, vendors: [vendor] });
		const input = { address: box.url, key: box.service.key };
		const env = configureOpencode(place, input, { limit: LIMIT, ...(npm === undefined ? {} : { npm }) });
		first = await runOpencode({ program, place, prompt: 'sum.js prints the wrong thing. Fix it and run it.' }, env);
		second = await runOpencode({ program, place, prompt: 'Say hello.', isResumed: true }, env);
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk', async () => {
		expect([first.exitCode, first.text], wordsOf(first)).toEqual([0, 'It prints sum: 3']);
		expect([second.exitCode, second.text], wordsOf(second)).toEqual([0, 'Hello.']);
		expect(first.tools).toEqual(['task completed', 'read completed', 'edit completed', 'bash completed']);
		expect(readProjectFile(place.workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
	});

	test('its main calls are outer-loop work, its search agent’s and its title’s inner, its compaction mid', () => {
		expect([...rolesOf(served)].sort(), explainAll(served)).toEqual(
			[
				`inner ${mid} forced`,
				...Array<string>(2).fill(`inner ${mid} search-agent`),
				`mid ${mid} compaction`,
				...Array<string>(6).fill(`outer ${outer} main-loop`),
			].sort(),
		);
	});

	test('a turn of the user is a tree, and the session’s sub-agents share one', () => {
		const session = headerOf(served[0]?.exchange.requestHead ?? '', 'x-session-id');
		const trees = ['turn-1', 'sub-agents', 'turn-2', 'turn-3'].map((tree) => `session/${session}/${tree}`);
		expect(treesOf(served), explainAll(served)).toEqual(trees);
		expect(treesOf(served.slice(-1))).toEqual(trees.slice(-1));
	});

	test('the vendor gets the same bytes but for model and cap', () => {
		const calls = [...box.openai.calls, ...box.anthropic.calls];
		expect(new Set(calls.map((call) => call.path))).toEqual(new Set([path]));
		const sent = served.map(({ exchange }) => withoutSplices(exchange.requestBody));
		expect(calls.map(({ body }) => withoutSplices(body)).sort()).toEqual([...sent].sort());
		expect(calls.map(({ headers }) => JSON.stringify(headers)).join()).not.toContain(box.service.key);
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
