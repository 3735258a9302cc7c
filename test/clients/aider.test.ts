/** aider itself works through the box: an edit whose test fails, its repair, a commit message by the weak model, a summary. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitsOf, configureAider, runAider } from '../support/aider.ts';
import { installAider } from '../support/client-installs.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { type ClientExit, makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script } from '../support/upstream/script.ts';

const WORSE_LINE = 'console.log("sum:", plus(1, 2));';
const edit = (from: string, to: string) => `So.\n\nsum.js\n\`\`\`js\n<<<<<<< SEARCH\n${from}\n=======\n${to}\n>>>>>>> REPLACE\n\`\`\`\n`;

/** Edits wrongly, repairs what the test's output shows, and names its commits. */
function plan(): Script {
	const steps: Answer[] = [{ content: [edit(BROKEN_LINE, WORSE_LINE)] }, { content: [edit(WORSE_LINE, FIXED_LINE)] }];
	return ({ systemText }) => {
		if (systemText.includes('Git commit')) return { content: ['fix: add one and two'] };
		if (systemText.includes('summarize this partial conversation')) return { content: ['I asked you to fix sum.js.'] };
		return steps.shift() ?? { content: ['Hello.'] };
	};
}

describe('a session of aider', () => {
	const place = makeWorkPlace();
	let box: Box;
	let first: ClientExit;
	let second: ClientExit;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installAider();
		writeProject(place.workDir);
		box = await startBox({ script: () => ({ status: 500 }), chatScript: plan(), hasEngine: false, vendors: ['openai'] });
		const env = await configureAider(place, { address: box.url, key: box.service.key });
		const checked = ['--auto-test', '--test-cmd', 'node sum.js', 'sum.js'];
		first = await runAider({ program, place, prompt: 'sum.js prints the wrong thing. Fix it.', args: checked }, env);
		// It takes its history up again, which is beyond what it may keep: it is summarized first.
		const restored = ['--restore-chat-history', '--max-chat-history-tokens', '64', '--no-auto-commits'];
		second = await runAider({ program, place, prompt: 'Say hello.', args: restored }, env);
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk, tried and committed', async () => {
		expect(first.exitCode, wordsOf(first)).toBe(0);
		expect(readProjectFile(place.workDir, 'sum.js'), wordsOf(first)).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
		expect(first.stdout).toContain('plus is not defined');
		expect(await commitsOf(place)).toEqual(['fix: add one and two', 'fix: add one and two', 'First']);
		expect([second.exitCode, second.stdout.includes('Hello.')], wordsOf(second)).toEqual([0, true]);
	});

	test('its main calls are outer-loop work; the weak model’s are what they ask for', () => {
		expect([...rolesOf(served)].sort(), explainAll(served)).toEqual(
			[...Array<string>(3).fill('inner openai-mid forced'), ...Array<string>(3).fill('outer openai-frontier main-loop')].sort(),
		);
		expect(new Set(served.map(({ record }) => record.decision.requestedModel))).toEqual(new Set(['innerloop', 'innerloop-inner']));
	});

	test('edit, repair and commit message of one prompt are one tree', () => {
		// The repair's own commit message quotes nothing but the test's output: no call says which prompt it belongs to.
		const [edit, commit, repair, lastCommit, ...others] = served;
		expect(treesOf([edit, commit, repair].flatMap((one) => one ?? [])), explainAll(served)).toHaveLength(1);
		expect(lastCommit?.record.decision.requestedModel).toBe('innerloop-inner');
		expect(treesOf(others)).not.toContain(treesOf(served)[0]);
	});

	test('the vendor gets the same bytes but for model, cap and the question for usage', () => {
		const plain = (body: Buffer) => withoutSplices(body).replace(/"stream_options":\{"include_usage":true\},?/, '');
		expect(box.openai.calls.map(({ body }) => plain(body))).toEqual(served.map(({ exchange }) => plain(exchange.requestBody)));
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
