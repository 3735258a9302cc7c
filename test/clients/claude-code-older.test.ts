/** A Claude Code from before it marked its calls in headers works through the box, and its calls are known by their shape. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode, type SessionResult } from '../support/claude-code.ts';
import { installOlderClaudeCode } from '../support/client-installs.ts';
import { pastedEnv } from '../support/pasted.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script } from '../support/upstream/script.ts';

/** Delegates to its explorer, reads, edits, runs and says so; warm-ups and the compaction are told by what they ask. */
function plan(workDir: string): Script {
	const file = join(workDir, 'sum.js');
	const steps: Answer[] = [
		{ content: [{ tool: 'Task', input: { description: 'Find add', prompt: 'Where is add?', subagent_type: 'Explore' } }] },
		{ content: ['Now I read it.', { tool: 'Read', input: { file_path: file } }] },
		{ content: [{ tool: 'Edit', input: { file_path: file, old_string: BROKEN_LINE, new_string: FIXED_LINE } }] },
		{ content: [{ tool: 'Bash', input: { command: 'node sum.js', description: 'Run it' } }] },
	];
	return ({ systemText, firstUserText, toolNames, toolResults, lastUserText }) => {
		if (firstUserText.endsWith('Warmup')) return { content: ['I am ready.'] };
		if (systemText.includes('summarizing conversations')) return { content: ['<summary>sum.js was mended.</summary>'] };
		if (toolNames.length === 0) return { content: ['Nothing.'] };
		if (!toolNames.includes('Task')) {
			if (toolResults.length > 0) return { content: ['It is in add.js.'] };
			return { content: [{ tool: 'Grep', input: { pattern: 'add' } }] };
		}
		if (lastUserText.includes('Say hello')) return { content: ['Hello.'] };
		return steps.shift() ?? { content: [`It prints: ${toolResults.at(-1)?.text.trim()}`] };
	};
}

const isWarmUp = ({ exchange }: Served) => exchange.requestBody.includes('"Warmup"');

describe('a session of Claude Code 2.0 with a sub-agent and a compaction', () => {
	const place = makeWorkPlace();
	const sessions: SessionResult[] = [];
	let box: Box;
	let all: readonly Served[];
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installOlderClaudeCode();
		writeProject(place.workDir);
		box = await startBox({ script: plan(place.workDir), hasEngine: false, vendors: ['anthropic'] });
		const env = pastedEnv('Claude Code', { address: box.url, key: box.service.key });
		for (const prompt of ['sum.js prints the wrong thing. Fix it and run it.', '/compact', 'Say hello.']) {
			const args = ['--model', 'opus', ...(sessions.length === 0 ? [] : ['--continue'])];
			sessions.push(await runClaudeCode({ program, place, env, prompt, args }));
		}
		all = await servedCalls(box);
		served = all.filter((call) => !isWarmUp(call));
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk', async () => {
		const words = sessions.map(wordsOf).join('\n');
		expect(
			sessions.map(({ exitCode, report }) => [exitCode, report?.is_error]),
			words,
		).toEqual(sessions.map(() => [0, false]));
		expect([sessions[0]?.report?.result, sessions[2]?.report?.result], words).toEqual(['It prints: sum: 3', 'Hello.']);
		expect(readProjectFile(place.workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
	});

	test('its main calls are outer-loop work, its explorer’s inner, its compaction mid', () => {
		// Beside its own turns it has a small model look at the command that it ran.
		const roles = rolesOf(served).filter((role) => role !== 'inner mid light-model-id');
		expect(roles, explainAll(served)).toEqual([
			'outer frontier main-loop',
			'inner mid search-agent',
			'inner mid search-agent',
			...Array<string>(4).fill('outer frontier main-loop'),
			'mid mid compaction',
			'outer frontier main-loop',
		]);
	});

	test('what only warms its agents’ prompts goes to nothing dear', () => {
		const warmUps = all.filter(isWarmUp);
		expect(warmUps.length).toBeGreaterThan(0);
		expect(new Set(rolesOf(warmUps)), explainAll(warmUps)).toEqual(new Set(['inner mid probe']));
	});

	test('a turn of the user is a tree, and the session’s sub-agents share one', () => {
		const [session] = treesOf(served)[0]?.split('/turn-') ?? [];
		expect(session).toMatch(/^session\/[0-9a-f-]{36}$/);
		expect(treesOf(served), explainAll(served)).toEqual(['turn-1', 'sub-agents', 'turn-2'].map((tree) => `${session}/${tree}`));
		expect(treesOf(served.slice(-1))).toEqual([`${session}/turn-2`]);
	});

	test('the vendor gets the same bytes but for model and cap', () => {
		const sent = new Set(box.wire.exchanges.map(({ requestBody }) => withoutSplices(requestBody)));
		expect(box.anthropic.calls.filter(({ body }) => !sent.has(withoutSplices(body)))).toEqual([]);
		expect(box.anthropic.calls.map(({ headers }) => JSON.stringify(headers)).join()).not.toContain(box.service.key);
	});

	test('the vendor’s bill, the records and the ledger agree', async () => {
		// A warm-up that the program leaves at its end is held at its bound, which is never less than its bill.
		if (box.anthropic.bill.charges.every(({ state }) => state === 'complete')) return expectOneBill(box, all);
		const recorded = all.reduce((sum, { record }) => sum + (record.outcome?.costNanoUsd ?? 0), 0);
		expect(recorded).toBeGreaterThanOrEqual(box.anthropic.bill.totalNanoUsd());
	});
});
