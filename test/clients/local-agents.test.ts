/** Sub-agents on both SDKs are answered by the local model alone: five tools offered, a call executed, its result digested. */

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeProject } from '../support/project.ts';
import { makeWorkPlace } from '../support/run-client.ts';
import { type AgentRun, runAnthropicAgent, runOpenAiAgent, runResponsesAgent } from '../support/sdk-agents.ts';
import { type Box, describeDecision, startBox } from '../support/start-box.ts';
import { readOnlyTools, writingTools } from '../support/work-tools.ts';

const { workDir, remove } = makeWorkPlace();
const TASK = {
	system: 'You look at files with your tools.',
	prompt: 'Read the file notes.txt and say what it says.',
	tools: [...readOnlyTools(workDir), ...writingTools(workDir)].slice(0, 5),
	maxTurns: 4,
	maxTokens: 200,
	headers: { 'x-innerloop-tier': 'local' },
};

let box: Box;

beforeAll(async () => {
	writeProject(workDir);
	box = await startBox({ script: () => ({ status: 500, body: 'nothing may come here' }), hasEngine: true });
});
afterAll(async () => {
	await box?.stop();
	remove();
});

async function expectLocalRun(firstExchange: number, run: AgentRun): Promise<void> {
	expect(run.executed, run.text).toContainEqual(
		expect.objectContaining({ tool: 'Read', isError: false, output: expect.stringContaining('three') }),
	);
	const exchanges = box.wire.exchanges.slice(firstExchange);
	expect(exchanges.length).toBe(run.turns);
	expect(exchanges.length).toBeGreaterThanOrEqual(2);
	for (const exchange of exchanges) {
		const { decision, outcome } = await box.recordOf(exchange);
		expect([outcome?.deployment, outcome?.status, outcome?.costNanoUsd], describeDecision(decision)).toEqual(['local', 200, 0]);
	}
	expect([...box.anthropic.calls, ...box.openai.calls]).toEqual([]);
}

test('on @anthropic-ai/sdk', async () => {
	const client = new Anthropic({ baseURL: box.url, authToken: box.service.key, apiKey: null, maxRetries: 0, timeout: 300_000 });
	const first = box.wire.exchanges.length;
	await expectLocalRun(first, await runAnthropicAgent(client, { ...TASK, model: 'claude-haiku-4-5' }));
});

test('on openai', async () => {
	const client = new OpenAI({ baseURL: `${box.url}/v1`, apiKey: box.service.key, maxRetries: 0, timeout: 300_000 });
	const first = box.wire.exchanges.length;
	await expectLocalRun(first, await runOpenAiAgent(client, { ...TASK, model: 'gpt-5.4-mini' }));
});

test('on openai, in Responses', async () => {
	const client = new OpenAI({ baseURL: `${box.url}/v1`, apiKey: box.service.key, maxRetries: 0, timeout: 300_000 });
	const first = box.wire.exchanges.length;
	await expectLocalRun(first, await runResponsesAgent(client, { ...TASK, model: 'gpt-5.4-mini' }));
});
