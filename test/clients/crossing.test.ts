/** Whole sessions of one vendor's agent on another vendor's models: tools, a sub-agent, a compaction, and the bill. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode, type SessionResult } from '../support/claude-code.ts';
import { installClaudeCode, installCodex } from '../support/client-installs.ts';
import { type CodexResult, configureCodex, runCodex } from '../support/codex.ts';
import { pastedEnv } from '../support/pasted.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox } from '../support/start-box.ts';
import type { Answer, Script, Turn } from '../support/upstream/script.ts';

const TASK = 'sum.js prints the wrong thing. Fix it and run it.';
const printed = ({ toolResults }: Turn): Answer => ({ content: [`It prints ${/sum: \d/.exec(toolResults.at(-1)?.text ?? '')?.[0]}`] });

/** Codes of what a crossing left out, over all calls. */
function lossesOf(served: readonly Served[]): readonly string[] {
	const codes = served.flatMap(({ record }) => record.decision.reasons.map(({ code }) => code));
	return [...new Set(codes.filter((code) => code.startsWith('loss-')))].sort();
}

const PATCH = `*** Begin Patch\n*** Update File: sum.js\n@@\n-${BROKEN_LINE}\n+${FIXED_LINE}\n*** End Patch`;
/** Names under which the other wire knows Codex's grouped tools. */
const SPAWN = 'multi_agent_v1__spawn_agent';
const WAIT = 'multi_agent_v1__wait_agent';

/** Finds its tools by a search, delegates, thinks, reads, patches, is compacted, runs. */
function codexPlan(): Script {
	const steps: ((turn: Turn) => Answer)[] = [
		() => ({ content: [{ tool: 'tool_search', input: { query: 'spawn agent', limit: 8 } }] }),
		() => ({ content: [{ tool: SPAWN, input: { message: 'What does add.js do?' } }] }),
		({ toolResults }) => {
			const { agent_id } = JSON.parse(toolResults[0]?.text ?? '{}') as { agent_id?: string };
			return { content: [{ tool: WAIT, input: { targets: [agent_id], timeout_ms: 60_000 } }] };
		},
		() => ({ content: [{ thinking: 'Now I look.' }, 'I read.', { tool: 'exec_command', input: { cmd: 'cat sum.js' } }] }),
		() => ({ content: [{ tool: 'apply_patch', input: { input: PATCH } }], usage: { inputTokens: 90_000 } }),
		() => ({ content: [{ tool: 'exec_command', input: { cmd: 'node sum.js' } }] }),
		printed,
	];
	return (turn) => {
		const { toolNames, toolResults, lastUserText } = turn;
		if (lastUserText.includes('CONTEXT CHECKPOINT COMPACTION')) return { content: ['The file is patched; it must be run.'] };
		if (toolNames.includes('tool_search')) return steps.shift()?.(turn) ?? { content: ['There is no more to do.'] };
		if (toolResults.length > 0) return { content: ['It adds two numbers.'] };
		return { content: [{ tool: 'exec_command', input: { cmd: 'cat add.js' } }] };
	};
}

describe('a session of Codex on Anthropic’s models', () => {
	const place = makeWorkPlace();
	let box: Box;
	let session: CodexResult;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installCodex();
		writeProject(place.workDir);
		box = await startBox({ script: codexPlan(), hasEngine: false, vendors: ['anthropic'] });
		const env = configureCodex(place, { address: box.url, key: box.service.key }, ['model_auto_compact_token_limit = 60000']);
		session = await runCodex({ program, place, prompt: TASK }, env);
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk', async () => {
		expect([session.exitCode, session.text], wordsOf(session)).toEqual([0, 'It prints sum: 3']);
		expect(session.items, wordsOf(session)).toEqual(
			expect.arrayContaining(['collab_tool_call', 'command_execution', 'file_change', 'reasoning']),
		);
		expect(readProjectFile(place.workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
	});

	test('has its roles, and one tree for its prompt', () => {
		expect([...rolesOf(served)].sort(), explainAll(served)).toEqual(
			[...Array<string>(7).fill('outer frontier main-loop'), ...Array<string>(2).fill('mid mid subagent'), 'mid mid compaction'].sort(),
		);
		expect(treesOf(served)).toHaveLength(1);
		expect(box.anthropic.calls.map(({ path }) => path)).toEqual(served.map(() => '/v1/messages'));
	});

	test('gives thinking back to its vendor with the signature that it came with', () => {
		const bodies = box.anthropic.calls.map(({ body }) => JSON.parse(body.toString()) as { messages: readonly { content: unknown }[] });
		const blocks = bodies.flatMap(({ messages }) =>
			messages.flatMap(({ content }) => (Array.isArray(content) ? (content as object[]) : [])),
		);
		expect(blocks).toContainEqual({ type: 'thinking', thinking: 'Now I look.', signature: 'c3RhbmQtaW4tc2lnbmF0dXJl' });
	});

	test('names what the other wire has no words for, and nothing else is lost', () => {
		expect(lossesOf(served)).toEqual(['loss-prompt-cache-key', 'loss-tool-grammar', 'loss-verbosity']);
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});

const READER = {
	description: 'Finds files and reads them.',
	prompt: 'You look at files with your tools.',
	tools: ['Read', 'Grep', 'Glob'],
};
const SUMMARY = 'sum.js was mended.';

/** Delegates, reads, edits, runs; is compacted, and goes on from its summary. */
function claudeCodePlan(workDir: string): Script {
	const file = join(workDir, 'sum.js');
	const agent = { description: 'Read the notes', prompt: 'What do the notes say?', subagent_type: 'reader', run_in_background: false };
	const steps: ((turn: Turn) => Answer)[] = [
		() => ({ content: [{ tool: 'Agent', input: agent }] }),
		() => ({ content: ['Now I read it.', { tool: 'Read', input: { file_path: file } }] }),
		() => ({ content: [{ tool: 'Edit', input: { file_path: file, old_string: BROKEN_LINE, new_string: FIXED_LINE } }] }),
		() => ({ content: [{ tool: 'Bash', input: { command: 'node sum.js', description: 'Run it' } }] }),
		printed,
	];
	return (turn) => {
		const { toolNames, toolResults, lastUserText, body } = turn;
		if (lastUserText.startsWith('CRITICAL: Respond with TEXT ONLY')) return { content: [`<summary>${SUMMARY}</summary>`] };
		if (!toolNames.includes('Agent')) {
			if (toolResults.length > 0) return { content: ['Three.'] };
			return { content: [{ tool: 'Read', input: { file_path: join(workDir, 'notes.txt') } }] };
		}
		if (lastUserText.includes('What was done?'))
			return { content: [JSON.stringify(body).includes(SUMMARY) ? 'It was mended.' : 'Nothing.'] };
		return steps.shift()?.(turn) ?? { content: ['There is no more to do.'] };
	};
}

describe.each([
	{ dialect: 'chat-completions', path: '/v1/chat/completions' },
	{ dialect: 'responses', path: '/v1/responses' },
] as const)('a session of Claude Code on OpenAI’s models, by $path', ({ dialect, path }) => {
	const place = makeWorkPlace();
	const sessions: SessionResult[] = [];
	let box: Box;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installClaudeCode();
		writeProject(place.workDir);
		box = await startBox({ script: claudeCodePlan(place.workDir), hasEngine: false, vendors: ['openai'], openaiDialects: [dialect] });
		const env = pastedEnv('Claude Code', { address: box.url, key: box.service.key });
		for (const prompt of [TASK, '/compact', 'What was done?']) {
			const args = ['--agents', JSON.stringify({ reader: READER }), ...(sessions.length === 0 ? [] : ['--continue'])];
			sessions.push(await runClaudeCode({ program, place, env, prompt, args }));
		}
		served = await servedCalls(box);
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
		expect([sessions[0]?.report?.result, sessions[2]?.report?.result], words).toEqual(['It prints sum: 3', 'It was mended.']);
		expect(readProjectFile(place.workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(place.workDir)).toBe('sum: 3');
	});

	test('has its roles', () => {
		expect(rolesOf(served), explainAll(served)).toEqual([
			'outer openai-frontier class-main',
			...Array<string>(2).fill('inner openai-mid subagent-without-write-tools'),
			...Array<string>(4).fill('outer openai-frontier class-main'),
			'mid openai-mid compaction',
			'outer openai-frontier class-main',
		]);
		expect(box.openai.calls.map((call) => call.path)).toEqual(served.map(() => path));
	});

	test('names what the other wire has no words for, and nothing else is lost', () => {
		expect(lossesOf(served)).toEqual(['loss-cache-control', 'loss-fields', 'loss-user']);
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
