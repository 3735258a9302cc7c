/** Claude Code's session is compacted on the way through the box: by another deployment, in the prompt's own tree, to the cent. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode, type SessionResult } from '../support/claude-code.ts';
import { installClaudeCode } from '../support/client-installs.ts';
import { pastedEnv } from '../support/pasted.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { expectOneBill, explainAll, rolesOf, type Served, servedCalls, treesOf } from '../support/session-checks.ts';
import { type Box, startBox } from '../support/start-box.ts';
import type { Script } from '../support/upstream/script.ts';
import { headerOf } from '../support/wiretap.ts';

const SUMMARY = 'The user said hello.';
const script: Script = ({ lastUserText, body }) => {
	if (lastUserText.startsWith('CRITICAL: Respond with TEXT ONLY')) return { content: [`<summary>${SUMMARY}</summary>`] };
	return { content: [JSON.stringify(body.messages).includes(SUMMARY) ? 'I know what was said.' : 'Hello.'] };
};

describe.each([
	{ way: 'with the banner’s lines', hints: '1' },
	{ way: 'without hint headers', hints: '0' },
])('a session of Claude Code with a compaction, $way', ({ hints }) => {
	const place = makeWorkPlace();
	const sessions: SessionResult[] = [];
	let box: Box;
	let served: readonly Served[];

	beforeAll(async () => {
		const program = await installClaudeCode();
		box = await startBox({ script, hasEngine: false, vendors: ['anthropic'] });
		const env = { ...pastedEnv('Claude Code', { address: box.url, key: box.service.key }), CLAUDE_CODE_GATEWAY_HINT_HEADERS: hints };
		for (const prompt of ['Say hello.', '/compact', 'What was said?']) {
			sessions.push(await runClaudeCode({ program, place, env, prompt, args: sessions.length === 0 ? [] : ['--continue'] }));
		}
		served = await servedCalls(box);
	});
	afterAll(async () => {
		await box?.stop();
		place.remove();
	});

	test('goes on from its summary', () => {
		const results = sessions.map(({ exitCode, report }) => [exitCode, report?.result]);
		expect([results[0], results[2]], sessions.map(wordsOf).join('\n')).toEqual([
			[0, 'Hello.'],
			[0, 'I know what was said.'],
		]);
	});

	test('its turns are outer-loop work and its compaction mid', () => {
		const main = hints === '1' ? 'outer frontier class-main' : 'outer frontier main-loop';
		// The middle deployment's model does not take a system message inside the conversation, as Claude Code writes it.
		expect(rolesOf(served), explainAll(served)).toEqual([main, 'mid frontier compaction', main]);
		const rejected = served[1]?.record.decision.rejected.find(({ deployment }) => deployment === 'mid');
		expect(rejected?.reasons.map(({ code }) => code)).toEqual(['feature-not-taken']);
	});

	test('each prompt is a tree; without hint headers the turns that are left after a compaction are counted anew', () => {
		const session = headerOf(served[0]?.exchange.requestHead ?? '', 'x-claude-code-session-id');
		// The command /compact is no prompt: its call has no prompt id.
		const treeOf = ({ exchange }: Served) => {
			const promptId = headerOf(exchange.requestHead, 'x-claude-code-prompt-id');
			return promptId === undefined ? `session/${session}/turn-1` : `prompt/${promptId}`;
		};
		expect(treesOf(served), explainAll(served)).toEqual([...new Set(served.map(treeOf))]);
		expect(treesOf(served)).toHaveLength(hints === '1' ? 3 : 1);
	});

	test('the vendor’s bill, the records and the ledger agree', () => expectOneBill(box, served));
});
