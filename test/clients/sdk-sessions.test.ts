/** An agent of one's own on either SDK names its session in headers: its sub-agents are known, its summaries may be sent to the middle. */

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pastedClient } from '../support/pasted.ts';
import { writeProject } from '../support/project.ts';
import { makeWorkPlace } from '../support/run-client.ts';
import { type AgentRun, type AgentTask, runAnthropicAgent, runOpenAiAgent, runResponsesAgent } from '../support/sdk-agents.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox } from '../support/start-box.ts';
import type { Script } from '../support/upstream/script.ts';
import { readOnlyTools, type WorkTool, writingTools } from '../support/work-tools.ts';

type RunAgent = (task: AgentTask) => Promise<AgentRun>;
interface Way {
	readonly way: string;
	readonly model: string;
	readonly vendor: 'anthropic' | 'openai';
	connect(box: Box): RunAgent;
}

const openai = (box: Box) => pastedClient<OpenAI>('openai', 'OpenAI', OpenAI, { address: box.url, key: box.service.key });

const WAYS: readonly Way[] = [
	{
		way: '@anthropic-ai/sdk',
		model: 'claude-opus-4-8',
		vendor: 'anthropic',
		connect(box) {
			const input = { address: box.url, key: box.service.key };
			const client = pastedClient<Anthropic>('@anthropic-ai/sdk', 'Anthropic', Anthropic, input);
			return (task) => runAnthropicAgent(client, task);
		},
	},
	{ way: 'openai, chat.completions', model: 'gpt-5.5', vendor: 'openai', connect: (box) => (task) => runOpenAiAgent(openai(box), task) },
	{ way: 'openai, responses', model: 'gpt-5.5', vendor: 'openai', connect: (box) => (task) => runResponsesAgent(openai(box), task) },
];

const script: Script = ({ toolNames, toolResults, lastUserText }) => {
	if (lastUserText.startsWith('Summarize')) return { content: ['It was about notes.'] };
	if (toolResults.length > 0) return { content: [`I learned: ${toolResults[0]?.text.trim()}`] };
	if (toolNames.includes('Delegate')) return { content: [{ tool: 'Delegate', input: { brief: 'Read the notes.' } }] };
	return { content: [{ tool: 'Read', input: { file_path: 'notes.txt' } }] };
};

describe.each(WAYS)('a session on $way', ({ model, vendor, connect }) => {
	const place = makeWorkPlace();
	const base = { model, system: 'You help.', maxTurns: 4, maxTokens: 500 };
	let box: Box;
	let main: AgentRun;
	let summary: AgentRun;
	let served: readonly Served[];

	beforeAll(async () => {
		writeProject(place.workDir);
		box = await startBox({ script, hasEngine: false, vendors: [vendor] });
		const run = connect(box);
		const delegate: WorkTool = {
			name: 'Delegate',
			description: 'Sets a sub-agent to work.',
			inputSchema: { type: 'object', properties: { brief: { type: 'string', description: 'What it is to do' } }, required: ['brief'] },
			execute: async ({ brief }) => {
				const headers = { 'x-session-id': 'sub-1', 'x-parent-session-id': 'main-1' };
				return (await run({ ...base, prompt: String(brief), tools: readOnlyTools(place.workDir), headers })).text;
			},
		};
		const tools = [...writingTools(place.workDir), delegate];
		main = await run({ ...base, prompt: 'What do the notes say?', tools, headers: { 'x-session-id': 'main-1' } });
		const headers = { 'x-session-id': 'main-1', 'x-innerloop-role': 'mid' };
		summary = await run({ ...base, prompt: `Summarize: ${main.text}`, tools: [], headers });
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('ends well, its sub-agent’s words in its own', () => {
		expect([main.text, summary.text]).toEqual(['I learned: I learned: The sum of one and two is three.', 'It was about notes.']);
	});

	test('has its roles, and trees by its headers', () => {
		const outer = vendor === 'anthropic' ? 'frontier' : 'openai-frontier';
		const mid = vendor === 'anthropic' ? 'mid' : 'openai-mid';
		expect(rolesOf(served), explainAll(served)).toEqual([
			`outer ${outer} frontier-model-id`,
			`inner ${mid} subagent-without-write-tools`,
			`inner ${mid} subagent-without-write-tools`,
			`outer ${outer} frontier-model-id`,
			`mid ${mid} forced`,
		]);
		expect(treesOf(served)).toEqual(['session/main-1/turn-1', 'session/main-1/sub-agents']);
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
