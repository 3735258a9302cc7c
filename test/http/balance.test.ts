import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { answerWell, type Scene, type SceneOptions, startScene, until } from './support/two-deployments.ts';

/** Two deployments of one order; the model that answers tells them apart. */
const equals = (balance: string, over: SceneOptions = {}): SceneOptions => ({ b: { order: 0 }, config: { routing: { balance } }, ...over });

const who = (reply: { readonly headers: Readonly<Record<string, unknown>> }): string => String(reply.headers['x-innerloop-deployment']);
const fresh = (scene: Scene, index: number) => scene.call({ messages: [{ role: 'user', content: `${index}` }] });

describe('deployments of equal order', () => {
	it('share calls by their weights', async () => {
		await using scene = await startScene(equals('weight', { a: { weight: 9 }, b: { order: 0, weight: 1 } }));
		const counts = { a: 0, b: 0 };
		for (let i = 0; i < 200; i++) counts[who(await fresh(scene, i)) as 'a' | 'b'] += 1;
		// The chance of fewer than 155 of 200 at nine in ten is under one in a million.
		expect(counts.a).toBeGreaterThan(155);
		expect(counts.b).toBeGreaterThan(0);
	});

	it('are filled evenly where the least busy goes first', async () => {
		await using scene = await startScene(equals('least-busy'));
		const open: (() => void)[] = [];
		const hold = (model: string) => (_: unknown, response: ServerResponse) => void open.push(() => answerWell(response, model));
		scene.first.answer = hold('model-a');
		scene.second.answer = hold('model-b');
		const calls = [];
		for (let i = 0; i < 8; i++) {
			calls.push(fresh(scene, i));
			await until(() => open.length === i + 1);
		}
		expect([scene.first.received.length, scene.second.received.length]).toEqual([4, 4]);
		for (const end of open) end();
		await Promise.all(calls);
	});

	it('go where answers begin sooner', async () => {
		await using scene = await startScene(equals('latency'));
		scene.first.answer = (_, response) => void setTimeout(() => answerWell(response, 'model-a'), 500);
		for (let i = 0; i < 4; i++) await fresh(scene, i);
		scene.first.received.length = 0;
		const later = [];
		for (let i = 10; i < 20; i++) later.push(who(await fresh(scene, i)));
		expect(later).toEqual(Array.from({ length: 10 }, () => 'b'));
		expect((await scene.report('a')).traffic?.firstTokenMs.short).toBeGreaterThanOrEqual(490);
	});

	it.each(['weight', 'least-busy', 'latency'])('keep each session where its prompt cache is: %s', async (balance) => {
		await using scene = await startScene(equals(balance));
		const turn = (session: number) => scene.call({}, { 'x-claude-code-session-id': `session-${session}` });
		const homes = [];
		for (let session = 0; session < 8; session++) homes.push(who(await turn(session)));
		// One of them becomes slow and busy, so that balance alone would leave it.
		scene.first.answer = (_, response) => void setTimeout(() => answerWell(response, 'model-a'), 60);
		for (let round = 0; round < 2; round++) {
			const now = await Promise.all(homes.map((_, session) => turn(session)));
			expect(now.map(who)).toEqual(homes);
		}
	});
});
