/** Providers' keys set over HTTP: sealed on the disk, used for calls, given out nowhere. */

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretsReport } from '../../appliance/protocol/access.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, testConfig } from './support/start-box.ts';

const SECRET = 'sk-ant-kept-Zq7h3vLw0T';
const NAME = 'LATER_KEY';
let dataDir: string;
let upstream: LoopbackUpstream;
const keys: (string | undefined)[] = [];

beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), 'innerloop-secrets-'));
	keys.length = 0;
	upstream = await startUpstream(({ headers }, reply) => {
		keys.push(headers['x-api-key'] as string | undefined);
		reply.writeHead(400, { 'content-type': 'application/json' }).end('{"type":"error","error":{"type":"x","message":"no"}}');
	});
});
afterEach(async () => {
	await upstream[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

const start = (env: Readonly<Record<string, string>> = {}) => {
	const providers = { anthropic: { baseUrl: upstream.baseUrl, dialects: ['anthropic'], keyEnv: NAME, auth: 'x-api-key' } };
	return startBox({ dataDir, env, config: { ...testConfig({ anthropic: upstream.baseUrl }), providers } });
};

describe('a provider’s key that was set over HTTP', () => {
	it('is in force at once and after a restart, and no file, answer or log line holds it', async () => {
		const box = await start();
		const before = (await box.admin('GET', '/secrets')).json as SecretsReport;
		expect(before.secrets).toEqual([{ name: NAME, providers: ['anthropic'] }]);
		expect((await box.admin('PUT', `/secrets/${NAME}`, { value: SECRET })).status).toBe(204);
		await box.call('/v1/messages', ask('hello'));
		expect(new Set(keys)).toEqual(new Set([SECRET]));
		const countBefore = keys.length;
		const { json } = await box.admin('GET', '/secrets');
		expect((json as SecretsReport).secrets[0]).toEqual({ name: NAME, providers: ['anthropic'], source: 'kept' });
		const answers = await Promise.all(['/secrets', '/status', '/deployments', '/audit'].map((path) => box.admin('GET', path)));
		expect(JSON.stringify(answers)).not.toContain(SECRET);
		const { key } = box;
		await box[Symbol.asyncDispose]();
		const again = await start();
		await again.call('/v1/messages', ask('hello'), { headers: { 'x-api-key': key } });
		expect(keys.length).toBeGreaterThan(countBefore);
		expect(new Set(keys)).toEqual(new Set([SECRET]));
		await again[Symbol.asyncDispose]();
		const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
		expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['secrets.json', 'secrets.key', 'log.jsonl', 'innerloop.db']));
		for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).includes(SECRET)).toBe(false);
		for (const name of ['secrets.json', 'secrets.key']) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
	});

	it('is used at once where the one before was refused', async () => {
		await upstream[Symbol.asyncDispose]();
		upstream = await startUpstream(({ headers }, reply) => {
			const isGood = headers['x-api-key'] === SECRET;
			reply
				.writeHead(isGood ? 400 : 401, { 'content-type': 'application/json' })
				.end('{"type":"error","error":{"type":"x","message":"no"}}');
		});
		await using box = await start();
		await box.admin('PUT', `/secrets/${NAME}`, { value: 'sk-ant-refused' });
		// The refused one makes the provider rest, and nobody asks it then.
		for (let calls = 0; calls < 3; calls += 1) await box.call('/v1/messages', ask('hello'));
		const { json } = await box.admin('GET', '/deployments');
		expect(JSON.stringify(json)).toMatch(/"cooldownMs":[1-9]/);
		await box.admin('PUT', `/secrets/${NAME}`, { value: SECRET });
		expect((await box.call('/v1/messages', ask('hello'))).status).toBe(400);
	});

	it('is only one that a provider asks for', async () => {
		await using box = await start();
		expect((await box.admin('PUT', '/secrets/HTTPS_PROXY', { value: 'http://attacker.example' })).status).toBe(404);
		expect((await box.admin('DELETE', `/secrets/${NAME}`)).status).toBe(404);
	});

	it('is sealed by a credential of systemd’s where the unit passes one, and no key lies beside it', async () => {
		const credentials = await mkdtemp(join(tmpdir(), 'innerloop-credentials-'));
		const withCredential = () => start({ CREDENTIALS_DIRECTORY: credentials });
		try {
			writeFileSync(join(credentials, 'innerloop-secrets'), 'of the card’s owner');
			const box = await withCredential();
			await box.admin('PUT', `/secrets/${NAME}`, { value: SECRET });
			await box[Symbol.asyncDispose]();
			expect(readdirSync(dataDir)).toContain('secrets.json');
			expect(readdirSync(dataDir)).not.toContain('secrets.key');
			const again = await withCredential();
			await again.call('/v1/messages', ask('hello'), { headers: { 'x-api-key': box.key } });
			await again[Symbol.asyncDispose]();
			expect(keys).toContain(SECRET);
			await expect(start()).rejects.toThrow(/sealed with another key/);
		} finally {
			await rm(credentials, { recursive: true, force: true });
		}
	});

	it('does not open with another key, and the box says what to do', async () => {
		const box = await start();
		await box.admin('PUT', `/secrets/${NAME}`, { value: SECRET });
		await box[Symbol.asyncDispose]();
		rmSync(join(dataDir, 'secrets.key'));
		await expect(start()).rejects.toThrow(/sealed with another key/);
	});
});
