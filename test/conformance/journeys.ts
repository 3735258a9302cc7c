/** Rows that take more than one call, or more than a body, to be told. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from './scene.ts';
import { TONGUES } from './scene.ts';
import type { Talk, Tongue } from './talk.ts';
import { faultIn } from './vendor-rules.ts';

export interface Pair {
	readonly caller: Tongue;
	readonly upstream: Tongue;
}

export interface Journey {
	readonly name: string;
	/** What the table says. */
	run(scene: Scene, pair: Pair): Promise<string>;
}

/** What each vendor's stand-in signs its reasoning with; Chat Completions of its vendor shows none. */
const NATIVE: Readonly<Record<Tongue['name'], string | undefined>> = {
	anthropic: 'c3RhbmQtaW4tc2lnbmF0dXJl',
	'chat-completions': undefined,
	responses: 'c3RhbmQtaW4tZW5jcnlwdGVkLXJlYXNvbmluZw==',
};

const THOUGHT: Talk = { turns: [{ by: 'user', text: 'Look.' }], tools: ['read'], effort: 'high' };
const THINKS = { content: [{ thinking: 'Let me look at it.' }, { tool: 'read', id: 'toolu_A', input: { path: 'a' } }] };

/** The second turn of a tool loop that one vendor began, at the same vendor or at another. */
async function secondTurn(scene: Scene, { caller, upstream }: Pair, next: Tongue): Promise<string> {
	scene.answer(upstream, () => THINKS);
	const body = caller.write(THOUGHT, 'any', false);
	const reply = await scene.ask(caller, upstream, body);
	if (reply.status !== 200) throw new Error(`the first turn failed: ${reply.text}`);
	scene.answer(next, () => ({ content: ['Done.'] }));
	const second = await scene.ask(caller, next, caller.goOn(body, reply.text));
	if (second.status !== 200) throw new Error(`the second turn failed: ${second.text}`);
	const refusal = caller.name === next.name ? undefined : faultIn(next.name, scene.heard(next));
	if (refusal !== undefined) throw new Error(`${next.name} would refuse ${refusal}`);
	return JSON.stringify(scene.heard(next));
}

async function isRestored(scene: Scene, pair: Pair): Promise<string> {
	const native = NATIVE[pair.upstream.name];
	if (native === undefined) return '—';
	const heard = await secondTurn(scene, pair, pair.upstream);
	if (!heard.includes(JSON.stringify(native))) return 'SILENT: its own reasoning did not come back';
	return heard.includes('Let me look at it.') ? 'passed' : 'SILENT: its reasoning came back without its text';
}

async function isKeptFromOthers(scene: Scene, pair: Pair): Promise<string> {
	const native = NATIVE[pair.upstream.name];
	if (native === undefined) return '—';
	for (const other of TONGUES.filter(({ name }) => name !== pair.upstream.name)) {
		const heard = await secondTurn(scene, pair, other);
		if (heard.includes(native) || heard.includes('innerloop-sealed')) return `SILENT: ${other.name} sees it`;
	}
	return 'passed';
}

async function isAborted(scene: Scene, { caller, upstream }: Pair): Promise<string> {
	scene.answer(upstream, () => ({ content: ['Done.'], hangAfterEvents: -1 }));
	const gone = new AbortController();
	const { calls } = scene.upstreams[upstream.name];
	const before = calls.length;
	const reply = scene
		.ask(caller, upstream, caller.write({ turns: [{ by: 'user', text: 'Hello.' }] }, 'any', true), { signal: gone.signal })
		.then(
			() => 'answered',
			() => 'gone',
		);
	while (calls.length === before) await delay(5);
	gone.abort();
	for (let waitedMs = 0; calls[before]?.abortedAtMs === undefined && waitedMs < 5_000; waitedMs += 10) await delay(10);
	if (calls[before]?.abortedAtMs === undefined) return 'SILENT: the upstream goes on';
	return (await reply) === 'gone' && calls.length === before + 1 ? 'passed' : 'SILENT: asked again';
}

/** Open lists: all of them reach an upstream of the same dialect, and none of them another. */
async function headersPass(scene: Scene, { caller, upstream }: Pair): Promise<string> {
	scene.answer(upstream, () => ({ content: ['Done.'] }));
	const headers = { 'anthropic-beta': 'some-2026-01-01', 'openai-beta': 'some=v1', 'x-client-word': 'yes' };
	await scene.ask(caller, upstream, caller.write({ turns: [{ by: 'user', text: 'Hello.' }] }, 'any', false), { headers });
	const heard = scene.upstreams[upstream.name].calls.at(-1)?.headers ?? {};
	const passed = Object.keys(headers).filter((name) => name in heard).length;
	if (caller.name === upstream.name) return passed === 3 ? 'passed' : 'SILENT: headers are missing';
	return passed === 0 ? 'passed' : 'SILENT: headers of another dialect';
}

export const JOURNEYS: readonly Journey[] = [
	{ name: 'reasoning back at its own vendor, as it was', run: isRestored },
	{ name: 'reasoning kept from every other vendor', run: isKeptFromOthers },
	{ name: 'abort before the first byte', run: isAborted },
	{ name: 'beta headers: to their own dialect alone', run: headersPass },
];
