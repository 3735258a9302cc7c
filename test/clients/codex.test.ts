/** Codex itself works through the box: a sub-agent, a patch, a command, a compaction, and the same bytes at its vendor. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installCodex } from '../support/client-installs.ts';
import { type CodexResult, configureCodex, runCodex } from '../support/codex.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox, UPSTREAM_KEYS, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script, Turn } from '../support/upstream/script.ts';
import { headerOf } from '../support/wiretap.ts';

const PATCH = `*** Begin Patch\n*** Update File: sum.js\n@@\n-${BROKEN_LINE}\n+${FIXED_LINE}\n*** End Patch`;
/** Beyond what the session's own settings allow: Codex compacts before its next call. */
const FULL_WINDOW = { inputTokens: 90_000 };

const isSubagent = ({ headers }: Turn) => headers['x-openai-subagent'] !== undefined;

function subagent({ toolResults }: Turn): Answer {
	if (toolResults.length > 0) return { content: ['It adds two numbers.'] };
	return { content: [{ tool: 'exec_command', input: { cmd: 'cat add.js' } }] };
}

/** Delegates, reads, patches, is compacted, runs, and says what it saw. */
function plan(): Script {
	const steps: ((turn: Turn) => Answer)[] = [
		() => ({ content: [{ tool: 'spawn_agent', namespace: 'multi_agent_v1', input: { message: 'What does add.js do?' } }] }),
		({ toolResults }) => {
			const { agent_id } = JSON.parse(toolResults[0]?.text ?? '{}') as { agent_id?: string };
			return { content: [{ tool: 'wait_agent', namespace: 'multi_agent_v1', input: { targets: [agent_id], timeout_ms: 60_000 } }] };
		},
		() => ({ content: [{ thinking: 'Now I look.' }, 'I read.', { tool: 'exec_command', input: { cmd: 'cat sum.js' } }] }),
		() => ({ content: [{ freeformTool: 'apply_patch', text: PATCH }], usage: FULL_WINDOW }),
		() => ({ content: [{ tool: 'exec_command', input: { cmd: 'node sum.js' } }] }),
		({ toolResults }) => ({ content: [`It prints ${/sum: \d/.exec(toolResults[0]?.text ?? '')?.[0]}`] }),
	];
	return (turn) => {
		if (isSubagent(turn)) return subagent(turn);
		if (turn.toolNames.length === 0) return { content: ['The file is patched; it must be run.'] };
		return steps.shift()?.(turn) ?? { content: ['Hello.'] };
	};
}

describe('a session of Codex with a sub-agent and a compaction', () => {
	const place = makeWorkPlace();
	let box: Box;
	let first: CodexResult;
	let second: CodexResult;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installCodex();
		writeProject(place.workDir);
		box = await startBox({ script: () => ({ status: 500 }), chatScript: plan(), hasEngine: false, vendors: ['openai'] });
		const env = configureCodex(place, { address: box.url, key: box.service.key }, ['model_auto_compact_token_limit = 60000']);
		first = await runCodex({ program, place, prompt: 'sum.js prints the wrong thing. Fix it and run it.' }, env);
		second = await runCodex({ program, place, prompt: 'Say hello.', isResumed: true }, env);
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk', async () => {
		expect([first.exitCode, first.text], wordsOf(first)).toEqual([0, 'It prints sum: 3']);
		expect([second.exitCode, second.text], wordsOf(second)).toEqual([0, 'Hello.']);
		expect(readProjectFile(place.workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
		expect(first.items).toEqual(expect.arrayContaining(['collab_tool_call', 'command_execution', 'file_change', 'reasoning']));
	});

	test('main calls are outer-loop work, the sub-agent’s and the compaction mid', () => {
		const roles = rolesOf(served);
		expect(roles.slice(-1), explainAll(served)).toEqual(['outer openai-frontier main-loop']);
		expect([...roles].sort(), explainAll(served)).toEqual(
			[
				...Array<string>(7).fill('outer openai-frontier main-loop'),
				...Array<string>(2).fill('mid openai-mid subagent'),
				'mid openai-mid compaction',
			].sort(),
		);
	});

	test('each prompt is one tree, its sub-agent and its compaction in it', () => {
		const prompts = served.map(({ exchange }) => {
			const turn = JSON.parse(headerOf(exchange.requestHead, 'x-codex-turn-metadata') ?? '{}') as { root_turn_id: string };
			return `prompt/${turn.root_turn_id}`;
		});
		expect(treesOf(served)).toEqual([...new Set(prompts)]);
		expect(treesOf(served)).toHaveLength(2);
		expect(treesOf(served.slice(0, -1))).toHaveLength(1);
	});

	test('the vendor gets the same bytes but for model and cap, under its own key', () => {
		expect(box.anthropic.calls).toHaveLength(0);
		expect(box.openai.calls.map(({ path }) => path)).toEqual(served.map(() => '/v1/responses'));
		const sent = served.map(({ exchange }) => withoutSplices(exchange.requestBody));
		expect(box.openai.calls.map(({ body }) => withoutSplices(body)).sort()).toEqual([...sent].sort());
		for (const { headers } of box.openai.calls) {
			expect(headers.authorization).toBe(`Bearer ${UPSTREAM_KEYS.openai}`);
			expect(headers['x-codex-turn-metadata']).toBeDefined();
			expect(JSON.stringify(headers)).not.toContain(box.service.key);
		}
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
