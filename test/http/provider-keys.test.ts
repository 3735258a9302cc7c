import { describe, expect, it } from 'vitest';
import { answerWell, type Scene, type SceneOptions, startScene, until } from './support/two-deployments.ts';

const ENV = { TEST_KEY_ONE: 'secret-one', TEST_KEY_TWO: 'secret-two', TEST_KEY_THREE: 'secret-three' };
const keys = (...names: readonly string[]) => names.map((name) => ({ keyEnv: `TEST_KEY_${name}` }));

const withKeys = (list: readonly unknown[], over: SceneOptions = {}): SceneOptions => ({
	firstProvider: { keys: list },
	env: ENV,
	...over,
});

/** Which secret each call came with, in order. */
const secrets = (scene: Scene): string[] => scene.first.received.map(({ headers }) => String(headers['x-api-key']).slice('secret-'.length));

/** Refuses calls with these secrets. */
function refuse(scene: Scene, status: number, bad: readonly string[], headers: Readonly<Record<string, string>> = {}): void {
	scene.first.answer = ({ headers: { 'x-api-key': secret } }, response) => {
		if (bad.includes(String(secret))) response.writeHead(status, headers).end('{"type":"error"}');
		else answerWell(response, 'model-a');
	};
}

describe('several keys of a provider', () => {
	it('share the load: the least busy one for its weight goes first', async () => {
		await using scene = await startScene(withKeys([{ keyEnv: 'TEST_KEY_ONE', weight: 3 }, { keyEnv: 'TEST_KEY_TWO' }], { isAlone: true }));
		const open: (() => void)[] = [];
		scene.first.answer = (_, response) => void open.push(() => answerWell(response, 'model-a'));
		const calls = Array.from({ length: 8 }, (_, index) => scene.call({ messages: [{ role: 'user', content: `${index}` }] }));
		await until(() => open.length === 8);
		const counts = Object.groupBy(secrets(scene), (secret) => secret);
		expect([counts.one?.length, counts.two?.length]).toEqual([6, 2]);
		for (const end of open) end();
		await Promise.all(calls);
		expect((await scene.report('a')).traffic?.keys.map(({ id, runningCalls }) => [id, runningCalls])).toEqual([
			['TEST_KEY_ONE', 0],
			['TEST_KEY_TWO', 0],
		]);
	});

	it.each([401, 402, 403, 429])('go on when one is refused with %i: that one is set aside by itself', async (status) => {
		await using scene = await startScene(withKeys(keys('ONE', 'TWO'), { isAlone: true }));
		refuse(scene, status, ['secret-one']);
		const replies = [];
		// Equal and idle keys are drawn by lot: until the refused one was drawn, and then some more.
		for (let i = 0, more = 5; more > 0 && i < 60; i++) {
			replies.push(await scene.call({ messages: [{ role: 'user', content: `${i}` }] }));
			if (secrets(scene).includes('one')) more -= 1;
		}
		expect(replies.every((reply) => reply.status === 200)).toBe(true);
		expect(secrets(scene).filter((secret) => secret === 'one').length).toBe(1);
		const { health, cooldownMs, traffic } = await scene.report('a');
		expect([health.isUp, cooldownMs, traffic?.phase]).toEqual([true, 0, 'closed']);
		expect(traffic?.keys.map(({ id, phase }) => [id, phase])).toEqual([
			['TEST_KEY_ONE', 'resting'],
			['TEST_KEY_TWO', 'closed'],
		]);
		expect(replies.some(({ headers }) => String(headers['x-innerloop-reasons']).includes('other-key'))).toBe(true);
	});

	it('pass the upstream’s own words on when all are refused, and then the next deployment takes over', async () => {
		await using scene = await startScene(withKeys(keys('ONE', 'TWO'), { isAlone: true }));
		refuse(scene, 429, ['secret-one', 'secret-two'], { 'retry-after': '30' });
		const reply = await scene.call();
		expect([reply.status, reply.text, reply.headers['retry-after']]).toEqual([429, '{"type":"error"}', '30']);
		expect(secrets(scene).toSorted()).toEqual(['one', 'two']);
		expect((await scene.report('a')).cooldownMs).toBeGreaterThan(25_000);

		await using both = await startScene(withKeys(keys('ONE', 'TWO')));
		refuse(both, 429, ['secret-one', 'secret-two'], { 'retry-after': '30' });
		expect((await both.call()).headers['x-innerloop-deployment']).toBe('b');
		expect((await both.call()).headers['x-innerloop-deployment']).toBe('b');
		expect(both.first.received.length).toBe(2);
	});

	it('have limits of their own, and the deployment is at its limit when all of them are', async () => {
		const list = [
			{ keyEnv: 'TEST_KEY_ONE', limits: { requestsPerMinute: 1 } },
			{ keyEnv: 'TEST_KEY_TWO', limits: { requestsPerMinute: 2 } },
		];
		await using scene = await startScene(withKeys(list));
		const who = [];
		for (let i = 0; i < 4; i++)
			who.push((await scene.call({ messages: [{ role: 'user', content: `${i}` }] })).headers['x-innerloop-deployment']);
		expect(who).toEqual(['a', 'a', 'a', 'b']);
		expect(secrets(scene).toSorted()).toEqual(['one', 'two', 'two']);
	});

	it('keep a session with the key that holds its prompt cache, whatever balance and load say', async () => {
		await using scene = await startScene(
			withKeys(keys('ONE', 'TWO', 'THREE'), { isAlone: true, config: { routing: { balance: 'least-busy' } } }),
		);
		const turn = (session: string, text: string) =>
			scene.call({ messages: [{ role: 'user', content: text }] }, { 'x-claude-code-session-id': session });
		const sessions = Array.from({ length: 6 }, (_, index) => `session-${index}`);
		await Promise.all(sessions.map((session) => turn(session, 'first')));
		const firstKeys = new Map(scene.first.received.map(({ headers }) => [headers['x-claude-code-session-id'], headers['x-api-key']]));
		expect(new Set(firstKeys.values()).size).toBe(3);
		scene.first.received.length = 0;
		for (const session of sessions) await turn(session, 'second');
		for (const { headers } of scene.first.received) expect(headers['x-api-key']).toBe(firstKeys.get(headers['x-claude-code-session-id']));
	});

	it('may lack some in the environment; without any the provider says what to set', async () => {
		await using scene = await startScene({ firstProvider: { keys: keys('ONE', 'NOWHERE') }, env: ENV, isAlone: true });
		expect((await scene.call()).status).toBe(200);
		await using none = await startScene({ firstProvider: { keys: keys('NOWHERE', 'EITHER') }, env: ENV, isAlone: true });
		const reply = await none.call();
		expect(reply.status).toBe(503);
		expect(reply.text).toContain('set TEST_KEY_NOWHERE or TEST_KEY_EITHER');
	});

	it('never show their secrets', async () => {
		await using scene = await startScene(withKeys(keys('ONE', 'TWO'), { isAlone: true }));
		await scene.call();
		const { json } = await scene.box.admin('GET', '/deployments');
		expect(JSON.stringify(json)).not.toMatch(/secret-/);
	});
});
