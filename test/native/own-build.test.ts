/** The real build of llama.cpp, and the running engine that takes it over: minutes the first time, seconds from the cache. */

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeDir } from '../../appliance/config/places.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { answered, conversation, openEngine, request, says, until, untilReady } from '../support/local-engine.ts';

/** Four minutes of two idle cores; a shared machine needs a multiple. */
const BUILD_TIMEOUT_MS = 40 * 60_000;

const folder = nativeDir(process.env, homedir());
const abort = new AbortController();
let built: string;

beforeAll(async () => {
	built = await obtainOwnBuild({ inputs: readBuildInputs(), folder, onProgress: () => undefined, signal: abort.signal });
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	abort.abort();
});

const HELLO = conversation([says('user', 'hello')]);

test('a finished build is found again at once, and nothing is left beside it', async () => {
	const inputs = readBuildInputs();
	const lines: string[] = [];
	expect(await obtainOwnBuild({ inputs, folder, onProgress: (_share, line) => lines.push(line), signal: abort.signal })).toBe(built);
	expect(lines).toEqual([]);
	expect(readdirSync(folder).filter((name) => name.startsWith(`${inputs.key}.`))).toEqual([]);
	expect(existsSync(join(built, 'llama', 'llama.cpp'))).toBe(false);
});

test('the running engine takes the own build over once it is idle, and answers the same', async () => {
	const offered = Promise.withResolvers<string>();
	const engine = openEngine(await tinyGemma4(), { obtainOwnBuild: () => offered.promise });
	try {
		await untilReady(engine);
		const before = await answered(engine, HELLO, { maxOutputTokens: 12 });
		const parts = engine.answer(request(HELLO, { maxOutputTokens: 400 }))[Symbol.asyncIterator]();
		await parts.next();
		offered.resolve(built);
		// While a call runs, nothing is taken over.
		for (let count = 0; count < 5; count += 1) await parts.next();
		expect(engine.status().build).toBe('prebuilt');
		await parts.return?.();
		await until(() => engine.status().build === 'own' && engine.status().state === 'ready');
		const after = await answered(engine, HELLO, { maxOutputTokens: 12 });
		expect(after.usage.outputTokens).toBe(before.usage.outputTokens);
	} finally {
		await engine.close();
	}
});

test('an own build that cannot be loaded, or dies, gives way to the prebuilt one', async () => {
	const errors: string[] = [];
	const log = { info: () => undefined, warn: () => undefined, error: (_fields: object, message: string) => errors.push(message) };
	const broken = openEngine(await tinyGemma4(), { obtainOwnBuild: async () => join(folder, 'no-such-build'), log });
	try {
		await untilReady(broken);
		await until(() => errors.length > 0);
		await untilReady(broken);
		expect(broken.status().build).toBe('prebuilt');
		expect((await answered(broken, HELLO, { maxOutputTokens: 3 })).usage.outputTokens).toBeGreaterThan(0);
	} finally {
		await broken.close();
	}
	const killed = openEngine(await tinyGemma4(), { obtainOwnBuild: async () => built, log });
	try {
		await until(() => killed.status().build === 'own' && killed.status().state === 'ready');
		process.kill(killed.childPid ?? 0, 'SIGSEGV');
		await until(() => killed.status().build === 'prebuilt' && killed.status().state === 'ready');
		expect(errors.every((message) => message.includes('back to the prebuilt one'))).toBe(true);
	} finally {
		await killed.close();
	}
});
