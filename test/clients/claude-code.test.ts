/** Claude Code itself works through the box: it reads, edits and runs, its main calls reach the frontier, its reader stays at home. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode, type SessionResult } from '../support/claude-code.ts';
import { installClaudeCode } from '../support/client-installs.ts';
import { pastedEnv } from '../support/pasted.ts';
import { BROKEN_LINE, FIXED_LINE, readProjectFile, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace } from '../support/run-client.ts';
import { type Box, describeDecision, startBox, UPSTREAM_KEYS, withoutSplices } from '../support/start-box.ts';
import type { Answer, Turn } from '../support/upstream/script.ts';
import { type Exchange, headerOf } from '../support/wiretap.ts';

const READER = {
	description: 'Finds files and reads them.',
	prompt: 'You look at files with your tools.',
	tools: ['Read', 'Grep', 'Glob', 'WebFetch', 'WebSearch'],
};

const isCall = ({ requestHead }: Exchange) => requestHead.startsWith('POST /v1/messages?');
const isSubagent = (exchange: Exchange) => isCall(exchange) && headerOf(exchange.requestHead, 'x-claude-code-agent-id') !== undefined;

/** The frontier model of this session: delegates once, then reads, edits, runs and says so. */
function plan(workDir: string): (turn: Turn) => Answer {
	const file = join(workDir, 'sum.js');
	const steps: Answer[] = [
		{
			content: [
				{
					tool: 'Agent',
					input: {
						description: 'Read the notes',
						prompt: `Read the file ${join(workDir, 'notes.txt')} and say what it says.`,
						subagent_type: 'reader',
						run_in_background: false,
					},
				},
			],
		},
		{ content: ['Now I read it.', { tool: 'Read', input: { file_path: file } }] },
		{ content: [{ tool: 'Edit', input: { file_path: file, old_string: BROKEN_LINE, new_string: FIXED_LINE } }] },
		{ content: [{ tool: 'Bash', input: { command: 'node sum.js', description: 'Run it' } }] },
	];
	let step = 0;
	return (turn) => {
		if (turn.headers['x-claude-code-agent-id'] !== undefined) return { content: ['The reader should have stayed at home.'] };
		const answer = steps[step];
		step += 1;
		if (answer !== undefined) return answer;
		return { content: [`It prints: ${turn.toolResults.at(-1)?.text.trim() ?? 'nothing'}`] };
	};
}

interface TranscriptBlock {
	readonly type: string;
	readonly id?: string;
	readonly name?: string;
	readonly tool_use_id?: string;
	readonly is_error?: boolean;
}

/** Blocks of the sub-agents' turns, as Claude Code itself wrote them down. */
function subagentBlocks(workDir: string): TranscriptBlock[] {
	const folder = join(workDir, '../.claude/projects');
	const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /agent-[^/]*\.jsonl$/.test(name));
	return files
		.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
		.map((line) => JSON.parse(line) as { message?: { content?: unknown } })
		.flatMap((line) => (Array.isArray(line.message?.content) ? (line.message.content as TranscriptBlock[]) : []));
}

describe('a session of Claude Code with a sub-agent', () => {
	const place = makeWorkPlace();
	const { workDir } = place;
	let box: Box;
	let session: SessionResult;

	beforeAll(async () => {
		const program = await installClaudeCode();
		writeProject(workDir);
		box = await startBox({ script: plan(workDir), hasEngine: true, vendors: ['anthropic'] });
		session = await runClaudeCode({
			program,
			place,
			prompt: 'sum.js prints the wrong thing. Fix it and run it.',
			args: ['--agents', JSON.stringify({ reader: READER })],
			env: { ...pastedEnv('Claude Code', { address: box.url, key: box.service.key }), CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' },
			timeoutMs: 400_000,
		});
	});

	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, with the work done on disk', async () => {
		expect(session, session.stderr).toMatchObject({ exitCode: 0, report: { is_error: false, result: 'It prints: sum: 3' } });
		expect(readProjectFile(workDir, 'sum.js')).toContain(FIXED_LINE);
		expect(await runProject(workDir)).toBe('sum: 3');
	});

	test('its look for models is answered', () => {
		const probe = box.wire.exchanges.find(({ requestHead }) => requestHead.startsWith('GET /v1/models?limit=1000 '));
		expect(probe?.replyHead).toMatch(/^HTTP\/1\.1 200 /);
		const ids = (JSON.parse(probe?.replyBody.toString() ?? '{}') as { data: { id: string }[] }).data.map(({ id }) => id);
		expect(ids).toContain('claude-opus-4-8');
	});

	test('its main calls are outer-loop calls and reach the frontier deployment, byte for byte but for model and cap', async () => {
		const main = box.wire.exchanges.filter((exchange) => isCall(exchange) && !isSubagent(exchange));
		expect(main.length).toBe(5);
		for (const exchange of main) {
			const { decision, outcome } = await box.recordOf(exchange);
			expect([decision.role, outcome?.deployment], describeDecision(decision)).toEqual(['outer', 'frontier']);
		}
		expect(box.anthropic.calls.map((call) => withoutSplices(call.body))).toEqual(
			main.map((exchange) => withoutSplices(exchange.requestBody)),
		);
		expect(box.anthropic.calls.map((call) => (JSON.parse(call.body.toString()) as { model: string }).model)).toEqual(
			main.map(() => 'claude-opus-4-8'),
		);
	});

	test('the vendor sees its own key and the client’s headers, never the member’s key', () => {
		for (const { headers, path } of box.anthropic.calls) {
			expect(path).toBe('/v1/messages?beta=true');
			expect(headers['x-api-key']).toBe(UPSTREAM_KEYS.anthropic);
			expect(headers['anthropic-beta']).toContain('claude-code-');
			expect(headers['x-claude-code-session-id']).toBeDefined();
			expect(JSON.stringify(headers)).not.toContain(box.service.key);
		}
	});

	test('its read-only sub-agent is inner-loop work that the local model answers, tool result and all', async () => {
		const calls = box.wire.exchanges.filter(isSubagent);
		expect(calls.length).toBeGreaterThanOrEqual(2);
		for (const exchange of calls) {
			const { decision, outcome } = await box.recordOf(exchange);
			expect([decision.role, outcome?.deployment, outcome?.costNanoUsd], describeDecision(decision)).toEqual(['inner', 'local', 0]);
		}
		const withResult = calls.map((exchange) => JSON.parse(exchange.requestBody.toString()) as { tools: unknown[]; messages: unknown[] });
		const last = withResult.at(-1);
		expect(last?.tools.length).toBeGreaterThanOrEqual(5);
		expect(JSON.stringify(last?.messages)).toContain('"tool_result"');
	});

	test('Claude Code executed the tool call that the local model wrote', () => {
		const blocks = subagentBlocks(workDir);
		const uses = blocks.filter((block) => block.type === 'tool_use');
		const results = blocks.filter((block) => block.type === 'tool_result' && block.is_error !== true);
		expect(uses.length, JSON.stringify(blocks).slice(0, 2_000)).toBeGreaterThan(0);
		expect(uses.map((use) => use.id)).toEqual(expect.arrayContaining(results.map((result) => result.tool_use_id)));
		expect(results.length, JSON.stringify(blocks).slice(0, 2_000)).toBeGreaterThan(0);
	});

	test('what the box says it cost is what the vendor’s own bill says', async () => {
		const records = await Promise.all(box.wire.exchanges.filter(isCall).map((exchange) => box.recordOf(exchange)));
		const cost = records.reduce((sum, { outcome }) => sum + (outcome?.costNanoUsd ?? Number.NaN), 0);
		expect(cost).toBe(box.anthropic.bill.totalNanoUsd());
	});
});
