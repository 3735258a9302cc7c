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

/** Makes the edits, one a turn, and names its commits. */
function plan(edits: readonly (readonly [from: string, to: string])[]): Script {
	const steps: Answer[] = edits.map(([from, to]) => ({ content: [edit(from, to)] }));
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
		const script = plan([
			[BROKEN_LINE, WORSE_LINE],
			[WORSE_LINE, FIXED_LINE],
		]);
		box = await startBox({ script, hasEngine: false, vendors: ['openai'] });
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

	test('it sets no temperature, which today’s frontier models refuse', () => {
		expect(served.filter(({ exchange }) => exchange.requestBody.includes('"temperature"'))).toEqual([]);
	});

	test('the vendor gets the same bytes but for model, cap and the question for usage', () => {
		const plain = (body: Buffer) => withoutSplices(body).replace(/"stream_options":\{"include_usage":true\},?/, '');
		expect(box.openai.calls.map(({ body }) => plain(body))).toEqual(served.map(({ exchange }) => plain(exchange.requestBody)));
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});

describe('a session of aider by Messages', () => {
	const place = makeWorkPlace();
	let box: Box;
	let session: ClientExit;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installAider();
		writeProject(place.workDir);
		box = await startBox({ script: plan([[BROKEN_LINE, FIXED_LINE]]), hasEngine: false, vendors: ['anthropic'] });
		await configureAider(place, { address: box.url, key: box.service.key }, 'anthropic');
		const env = { ANTHROPIC_API_BASE: box.url, ANTHROPIC_API_KEY: box.service.key };
		session = await runAider({ program, place, prompt: 'sum.js prints the wrong thing. Fix it.', args: ['sum.js'] }, env);
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk and committed', async () => {
		expect(session.exitCode, wordsOf(session)).toBe(0);
		expect(await runProject(place.workDir)).toBe('sum: 3');
		expect(await commitsOf(place)).toEqual(['fix: add one and two', 'First']);
	});

	test('has its roles, one tree and one bill', async () => {
		expect(rolesOf(served), explainAll(served)).toEqual(['outer frontier main-loop', 'inner mid forced']);
		expect(treesOf(served)).toHaveLength(1);
		await expectOneBill(box, served);
	});
});
