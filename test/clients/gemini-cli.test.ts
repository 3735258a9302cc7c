/** gemini-cli speaks Gemini's own wire alone: the box says so, in words that reach the person at the terminal. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { installGeminiCli } from '../support/client-installs.ts';
import { type ClientExit, makeWorkPlace, runClient, wordsOf } from '../support/run-client.ts';
import { type Box, startBox } from '../support/start-box.ts';

const place = makeWorkPlace();
let box: Box;
let session: ClientExit;

beforeAll(async () => {
	const program = await installGeminiCli();
	place.write('.gemini/settings.json', JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }));
	box = await startBox({ script: () => ({ content: ['Hello.'] }), hasEngine: false });
	const env = { GEMINI_API_KEY: box.service.key, GOOGLE_GEMINI_BASE_URL: box.url };
	session = await runClient({ program, place, args: ['-p', 'Say hello.', '--skip-trust'], env });
});
afterAll(async () => {
	await box?.stop();
	place.remove();
});

test('its calls are of no dialect that the box speaks, and each is told what to do', () => {
	const calls = box.wire.exchanges.filter(({ requestHead }) => requestHead.startsWith('POST /v1beta/models/'));
	expect(calls.map(({ requestHead }) => /:(\w+)/.exec(requestHead)?.[1])).toContain('streamGenerateContent');
	for (const { replyHead, replyBody } of calls) {
		expect(replyHead).toMatch(/^HTTP\/1\.1 404 /);
		expect(JSON.parse(replyBody.toString())).toMatchObject({ error: { message: expect.stringContaining('OpenAI-compatible address') } });
	}
	expect([...box.anthropic.calls, ...box.openai.calls]).toEqual([]);
});

test('it ends with the advice on its terminal', () => {
	expect(session.exitCode, wordsOf(session)).not.toBe(0);
	expect(`${session.stdout}\n${session.stderr}`).toContain('gemini-cli cannot work through it');
});
