/** The real Claude Code and Codex over TLS, told of nothing but the box's own authority: one short call each. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode } from '../support/claude-code.ts';
import { installClaudeCode, installCodex } from '../support/client-installs.ts';
import { configureCodex, runCodex } from '../support/codex.ts';
import { pastedEnv } from '../support/pasted.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { type Box, startBox } from '../support/start-box.ts';
import type { Script } from '../support/upstream/script.ts';

const PROMPT = 'Say hello.';
const hello: Script = () => ({ content: ['Hello.'] });

describe('over TLS by the box’s own authority', () => {
	const place = makeWorkPlace();
	let box: Box;
	let address: string;

	beforeAll(async () => {
		box = await startBox({ script: hello, hasEngine: false, config: { server: { port: 0, tls: { mode: 'on', port: 0 } } } });
		address = /https:\/\/127\.0\.0\.1:\d+/.exec(box.service.program.output())?.[0] ?? '';
		const pem = await (await fetch(`${box.service.url}/innerloop/v1/authority.pem`)).text();
		expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
		place.write('box.pem', pem);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	const trust = (name: string) => ({ [name]: `${place.home}/box.pem` });
	const lines = () => ({ address, key: box.service.key });

	test('Claude Code gets its answer with the authority, and none without', async () => {
		const program = await installClaudeCode();
		const env = pastedEnv('Claude Code', lines());
		const run = await runClaudeCode({ program, place, prompt: PROMPT, env: { ...env, ...trust('NODE_EXTRA_CA_CERTS') } });
		expect(run.report?.result, wordsOf(run)).toBe('Hello.');
		const calls = box.anthropic.calls.length;
		const strange = await runClaudeCode({ program, place, prompt: PROMPT, env: { ...env, CLAUDE_CODE_MAX_RETRIES: '0' } });
		expect(strange.report?.result).not.toBe('Hello.');
		expect(box.anthropic.calls).toHaveLength(calls);
	});

	test('Codex gets its answer with the authority', async () => {
		const program = await installCodex();
		const env = configureCodex(place, lines());
		const run = await runCodex({ program, place, prompt: PROMPT }, { ...env, ...trust('CODEX_CA_CERTIFICATE') });
		expect(run.text, wordsOf(run)).toBe('Hello.');
		expect(box.openai.calls.length).toBeGreaterThan(0);
	});
});
