/** A long log is summed up by the real small model while nobody calls, and the summary stands where the same log appears anew. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from '../http/support/loopback-upstream.ts';
import { startBox, type TestBox } from '../http/support/start-box.ts';
import { reply } from '../http/support/two-deployments.ts';
import { smallModel, untilReady } from '../support/local-engine.ts';

const LOG = Array.from({ length: 300 }, (_, index) =>
	index === 150 ? 'error: the disk is full' : `step ${index} of the build is done`,
).join('\n');

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream((_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(reply('m')));
	box = await startBox({
		anthropic: upstream.baseUrl,
		model: smallModel(),
		config: {
			diet: { mode: 'on', hasSummaries: true },
			earned: { idleMs: 100 },
			local: { isEnabled: true, slots: 1, contextTokens: 2_048, threads: 1, build: 'prebuilt', admission: 'off' },
		},
	});
	if (box.engine === undefined) throw new Error('no engine');
	await untilReady(box.engine);
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

/** What of the log reaches the upstream, in a conversation of its own. */
async function sent(id: string): Promise<string> {
	const messages = [
		{ role: 'user', content: 'mend it' },
		{ role: 'assistant', content: [{ type: 'tool_use', id, name: 'Bash', input: { command: 'make' } }] },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: LOG }] },
	];
	const tools = [{ name: 'Bash', input_schema: { type: 'object' } }];
	const { status } = await box.call('/v1/messages', { model: 'claude-opus-4-8', max_tokens: 64, tools, messages });
	expect(status).toBe(200);
	return JSON.parse(String(upstream.received.at(-1)?.body)).messages[2].content[0].content;
}

it('is not waited for, stands in front once it is there, and changes nothing that was sent before', async () => {
	const first = await sent('t0');
	expect(first).toContain('error: the disk is full');
	expect(first).not.toContain('summed up');
	let later = '';
	for (let count = 1; !later.includes('summed up'); count += 1) {
		// Longer than the quiet that the box waits for, and than most summaries take.
		await new Promise((resolve) => setTimeout(resolve, 400 * Math.min(count, 10)));
		later = await sent(`t${count}`);
	}
	expect(later).toMatch(/^\[innerloop: summed up by the box's own model: \S/);
	expect(later).toContain('error: the disk is full');
	expect(await sent('t0')).toBe(first);
});
